# What a page tells its reader to type: `FILE`: on a line by itself names the file that the next fenced
# block is; a block behind <!-- run --> becomes ../runN.sh.
/^`[^`]+`:$/ { file = substr($0, 2, length($0) - 3); next }
/^<!-- run -->$/ { run = ++runs; next }
/^```/ {
	if (inside) { inside = 0; if (out) close(out); out = ""; next }
	inside = 1
	if (file) {
		directory = file
		if (sub("/[^/]*$", "", directory)) system("mkdir -p " directory)
		out = file
	} else if (run) {
		out = "../run" run ".sh"
	}
	file = ""; run = 0
	next
}
inside && out { print > out }
