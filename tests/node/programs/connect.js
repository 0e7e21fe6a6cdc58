var connection = null;
try {
	connection = tizen.teec.getContext();
	connection.openSession('7e57c0de-4e0d-4a11-9b2c-5e0c8d210001', TeecLoginMethod.PUBLIC, null, null,
		function (session) {
			console.log('a session is open');
			session.close();
		},
		function (error) {
			console.log('no session: ' + error.name + ', ' + error.message);
		});
} catch (error) {
	console.log(error.name + ': ' + error.message);
}
