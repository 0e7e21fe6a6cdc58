try {
	var current;
	var done = function (number, params) {
		console.log('done with ' + number, params);
		current.close();
	};
	var failed = function () {
		current.close();
	};
	var context = tizen.teec.getContext();
	val task = context.openSession('7e57c0de-4e0d-4a11-9b2c-5e0c8d210001', TeecLoginMethod.PUBLIC, null,
		null,
		function (session) {
			current = session;
			session.invokeCommand(1, [new TeecValue(3, 4), new TeecTempMemory([5, 6, 7])], done,
				failed);
		},
		function (error) {
			console.log('no session: ' + error.name + ', ' + error.message);
		});
} catch (error) {
	console.log(error.name + ': ' + error.message);
}
