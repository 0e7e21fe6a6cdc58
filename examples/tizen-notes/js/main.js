/* The page: notes are kept sealed, and are opened when they are asked for. */
'use strict';

(function () {
	var KEY = 'sealed notes';
	var list = document.getElementById('list');
	var text = document.getElementById('text');

	function kept() {
		return JSON.parse(localStorage.getItem(KEY) || '[]');
	}

	function keep(notes) {
		localStorage.setItem(KEY, JSON.stringify(notes));
		show();
	}

	function tell(error) {
		document.getElementById('trouble').textContent = error ? error.message : '';
	}

	function button(label, pressed) {
		var made = document.createElement('button');
		made.textContent = label;
		made.addEventListener('click', pressed);
		return made;
	}

	function item(sealed, index) {
		var made = document.createElement('li');
		var shown = document.createElement('code');
		shown.textContent = sealed;
		made.append(button('Open', function () {
			tell(null);
			Notes.open(sealed).then(function (note) {
				shown.textContent = note;
			}).catch(tell);
		}), ' ', button('Remove', function () {
			keep(kept().filter(function (_, other) {
				return other !== index;
			}));
		}), ' ', shown);
		return made;
	}

	function show() {
		list.replaceChildren.apply(list, kept().map(item));
	}

	document.getElementById('write').addEventListener('submit', function (event) {
		event.preventDefault();
		tell(null);
		Notes.seal(text.value).then(function (sealed) {
			text.value = '';
			keep(kept().concat(sealed));
		}).catch(tell);
	});
	show();
})();
