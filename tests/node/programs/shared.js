try {
	var own = tizen.teec.getContext();
	var last = false;
	var current = null;
	var block = connection.allocateSharedMemory(65536, TeecSharedMemoryFlags.INOUT);

	function tidy() {
		if (current !== null) {
			current.close();
			current = null;
		}
		own.releaseSharedMemory(block);
		console.log('released');
	}

	function more() {
		/* There is nothing to fill the block with. */
	}

	function failed() {
		if (last)
			tidy();
	}

	function done(number, params) {
		console.log('done with ' + number, params);
		if (last)
			tidy();
	}

	own.openSession('7e57c0de-4e0d-4a11-9b2c-5e0c8d210001', TeecLoginMethod.PUBLIC, null, null,
		function (session) {
			current = session;
			while (more())
				session.invokeCommand(1, [new TeecRegisteredMemory(block, 0, block.size)], done,
					failed);
			last = true;
			session.invokeCommand(1, [], done, failed);
		},
		function (error) {
			console.log('no session: ' + error.name + ', ' + error.message);
		});
} catch (error) {
	console.log(error.name + ': ' + error.message);
}
