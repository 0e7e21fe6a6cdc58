# teesim_lazy_library(OUT_SOURCE LIST)
#
# Writes an assembler file with a function for each name in LIST, which goes on to wherever its slot in
# `lazy_slots` points. `lazy_names` has the names in the same order, with NULL behind the last. Before
# lazy_library_open() every slot points to lazy_library_closed().
#
# Why: linked in the ordinary way, libcrypto costs each start of a host half a millisecond (static) to
# a whole one (shared), and most TAs that are started in a test never call it.
function(teesim_lazy_library source list)
	file(STRINGS ${list} names REGEX "^[A-Za-z]")
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
	set(text "/* Made by lazy_library.cmake. */\n#include \"api/lazy_library_entry.h\"\n\n")
	set(index 0)
	foreach(name IN LISTS names)
		string(APPEND text "LAZY_ENTRY(${name}, ${index})\n")
		math(EXPR index "${index} + 1")
	endforeach()
	string(APPEND text "\nLAZY_SLOTS\n")
	foreach(name IN LISTS names)
		string(APPEND text "LAZY_SLOT\n")
	endforeach()
	string(APPEND text "\nLAZY_NAMES\n")
	foreach(name IN LISTS names)
		string(APPEND text "LAZY_NAME(${name})\n")
	endforeach()
	string(APPEND text "LAZY_END\n")
	foreach(name IN LISTS names)
		string(APPEND text "LAZY_TEXT(${name})\n")
	endforeach()
	string(APPEND text "LAZY_NOTE\n")
	file(CONFIGURE OUTPUT ${source} CONTENT "${text}" @ONLY)
endfunction()
