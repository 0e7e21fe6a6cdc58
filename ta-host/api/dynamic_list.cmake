# teesim_dynamic_list(OUT): writes what the linker is to export, no more and no less, from the kit's
# list of symbols.
function(teesim_dynamic_list out)
	set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${TEESIM_TA_API_SYMBOLS})
	file(STRINGS ${TEESIM_TA_API_SYMBOLS} symbols REGEX "^[A-Za-z_]")
	list(JOIN symbols ";\n\t" lines)
	file(CONFIGURE OUTPUT ${out} CONTENT "{\n\t${lines};\n};\n" @ONLY)
endfunction()
