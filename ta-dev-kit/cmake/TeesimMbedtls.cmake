# libmbedtls.a of the kit, from the archives of Debian's libmbedtls-dev: the three in one, with
# mbedtls/tee_sources.c in the place of what asks the operating system for chance.
include_guard(GLOBAL)

# teesim_kit_mbedtls(file): has `file` made and adds it to the caller's `libraries`. Where the package
# is missing, or is not of the version that the kit's headers bridge, nothing is made, and
# TEESIM_KIT_MBEDTLS is false.
function(teesim_kit_mbedtls file)
	set(TEESIM_KIT_MBEDTLS FALSE PARENT_SCOPE)
	find_path(TEESIM_MBEDTLS_INCLUDE mbedtls/config.h)
	set(archives "")
	foreach(name mbedcrypto mbedx509 mbedtls)
		find_library(TEESIM_${name}_ARCHIVE lib${name}.a)
		mark_as_advanced(TEESIM_${name}_ARCHIVE)
		list(APPEND archives ${TEESIM_${name}_ARCHIVE})
	endforeach()
	if(NOT TEESIM_MBEDTLS_INCLUDE OR archives MATCHES "NOTFOUND")
		file(REMOVE ${file}.version)
		return()
	endif()
	file(STRINGS ${TEESIM_MBEDTLS_INCLUDE}/mbedtls/version.h version
		REGEX "define MBEDTLS_VERSION_STRING ")
	string(REGEX REPLACE ".*\"(.*)\".*" "\\1" version "${version}")
	if(NOT version MATCHES "^2\\.28\\.")
		message(STATUS "mbedTLS ${version} is not offered to TAs: the kit's headers are for 2.28")
		file(REMOVE ${file}.version)
		return()
	endif()

	add_library(ta_kit_mbedtls_sources OBJECT
		${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../mbedtls/tee_sources.c)
	target_link_libraries(ta_kit_mbedtls_sources PRIVATE teesim::ta_kit_headers)
	target_compile_options(ta_kit_mbedtls_sources PRIVATE -g0 -fstack-protector-strong
		-Wno-deprecated-declarations)
	add_custom_command(OUTPUT ${file}
		COMMAND ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../scripts/mbedtls_archive.sh ${CMAKE_AR}
			${CMAKE_OBJCOPY} ${file} $<TARGET_OBJECTS:ta_kit_mbedtls_sources> ${archives}
		DEPENDS ta_kit_mbedtls_sources $<TARGET_OBJECTS:ta_kit_mbedtls_sources> ${archives}
			${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../scripts/mbedtls_archive.sh
		COMMAND_EXPAND_LISTS VERBATIM)
	# What the makefiles go by.
	file(CONFIGURE OUTPUT ${file}.version CONTENT "${version}\n")
	set(libraries ${libraries} ${file} PARENT_SCOPE)
	set(TEESIM_KIT_MBEDTLS TRUE PARENT_SCOPE)
endfunction()
