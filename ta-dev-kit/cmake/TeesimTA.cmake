# Trusted applications in CMake projects: in this project's own tree and, by find_package(TeesimTA),
# in others.
include_guard(GLOBAL)

# teesim_add_ta(NAME target UUID uuid SOURCES file... [INCLUDES dir...] [DEFINES name[=value]...]
#               [LINK library...] [LOG_LEVEL 0..4] [VERSION number] [SIGN_KEY file | UNSIGNED]
#               [COMPAT_1_1] [MBEDTLS] [NO_SYMBOL_CHECK] [OUTPUT_DIRECTORY dir])
#
# Target `NAME` makes UUID.elf and UUID.ta in OUTPUT_DIRECTORY (else the current binary directory).
# One of INCLUDES, or of the sources' directories, holds user_ta_header_defines.h. COMPAT_1_1: the
# API with the lengths of version 1.1. The package is signed with SIGN_KEY or else the developer's
# own key; MBEDTLS: with mbedTLS, as the makefiles' CFG_TA_MBEDTLS=y; UNSIGNED, and in teesim's own tree the lack of SIGN_KEY, make it the plain ELF file.
function(teesim_add_ta)
	_teesim_add_image(ta ${ARGN})
endfunction()

# teesim_add_ta_library(NAME target UUID uuid SOURCES file... and so on, as above)
#
# A shared library for TAs: a TA that has the target among its LINK names it by its UUID, and any TA
# can dlopen() it. What it lacks is not an error here, because the TA may have it.
function(teesim_add_ta_library)
	_teesim_add_image(ta_library ${ARGN})
endfunction()

function(_teesim_add_image what)
	# The dev kit that this file is in.
	get_filename_component(kit ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/.. ABSOLUTE)
	cmake_parse_arguments(PARSE_ARGV 1 TA "COMPAT_1_1;MBEDTLS;UNSIGNED;NO_SYMBOL_CHECK"
		"NAME;UUID;LOG_LEVEL;VERSION;SIGN_KEY;OUTPUT_DIRECTORY"
		"SOURCES;INCLUDES;DEFINES;LINK")
	if(NOT TA_NAME OR NOT TA_UUID OR NOT TA_SOURCES OR TA_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "teesim_add_${what}(${TA_NAME}): needs NAME, UUID and SOURCES; "
			"not understood: ${TA_UNPARSED_ARGUMENTS}")
	endif()
	string(REGEX REPLACE "[0-9a-fA-F]" "x" shape "${TA_UUID}")
	if(NOT shape STREQUAL "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
		message(FATAL_ERROR "teesim_add_${what}(${TA_NAME}): ${TA_UUID} is not a UUID")
	endif()
	if(NOT DEFINED TA_LOG_LEVEL)
		set(TA_LOG_LEVEL 4)
	endif()
	if(NOT DEFINED TA_VERSION)
		set(TA_VERSION 0)
	endif()
	if(NOT TA_OUTPUT_DIRECTORY)
		set(TA_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
	endif()

	if(what STREQUAL "ta")
		add_library(${TA_NAME} MODULE ${TA_SOURCES} ${kit}/src/user_ta_header.c)
	else()
		add_library(${TA_NAME} SHARED ${TA_SOURCES})
		set_target_properties(${TA_NAME} PROPERTIES NO_SONAME ON)
		target_link_options(${TA_NAME} PRIVATE -Wl,-soname,${TA_UUID})
		set(TA_NO_SYMBOL_CHECK ON)
	endif()
	# A TA has no RUNPATH: its libraries are found by UUID, or are the system's.
	set_target_properties(${TA_NAME} PROPERTIES
		PREFIX "" SUFFIX .elf OUTPUT_NAME ${TA_UUID}
		LIBRARY_OUTPUT_DIRECTORY ${TA_OUTPUT_DIRECTORY}
		C_VISIBILITY_PRESET default CXX_VISIBILITY_PRESET default
		POSITION_INDEPENDENT_CODE ON SKIP_BUILD_RPATH ON INSTALL_RPATH "")
	# INTERPROCEDURAL_OPTIMIZATION would drop what only the loader looks up.
	set_target_properties(${TA_NAME} PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF)
	target_include_directories(${TA_NAME} PRIVATE ${TA_INCLUDES} ${CMAKE_CURRENT_SOURCE_DIR}
		${kit}/include)
	target_compile_definitions(${TA_NAME} PRIVATE ${TA_DEFINES} TRACE_LEVEL=${TA_LOG_LEVEL}
		CFG_TEE_TA_LOG_LEVEL=${TA_LOG_LEVEL}
		$<$<BOOL:${TA_COMPAT_1_1}>:__OPTEE_CORE_API_COMPAT_1_1=1>)
	target_compile_options(${TA_NAME} PRIVATE -Wall -Wextra -Wno-unused-parameter
		-fno-omit-frame-pointer -fstack-protector-strong)
	target_link_options(${TA_NAME} PRIVATE -Wl,-Bsymbolic -Wl,-z,noexecstack,-z,relro,-z,now
		-Wl,--build-id -Wl,--as-needed)
	target_link_libraries(${TA_NAME} PRIVATE ${TA_LINK})
	if(TA_MBEDTLS)
		if(TARGET ta_kit_mbedtls_sources)
			add_dependencies(${TA_NAME} ta-dev-kit)
			set(mbedtls ${CMAKE_BINARY_DIR}/ta-dev-kit/lib/libmbedtls.a)
		elseif(EXISTS ${kit}/lib/libmbedtls.a.version)
			set(mbedtls ${kit}/lib/libmbedtls.a)
		else()
			message(FATAL_ERROR "teesim_add_${what}(${TA_NAME}): MBEDTLS needs a kit that was "
				"built with mbedTLS 2.28: install libmbedtls-dev and build it again")
		endif()
		target_include_directories(${TA_NAME} PRIVATE ${kit}/mbedtls/include)
		target_link_libraries(${TA_NAME} PRIVATE ${mbedtls})
		target_link_options(${TA_NAME} PRIVATE -Wl,--exclude-libs,libmbedtls.a)
	endif()

	# The libraries for TAs among them, whose UUIDs the linker can make nothing of.
	set(ta_libraries "")
	foreach(library IN LISTS TA_LINK)
		if(TARGET ${library})
			get_target_property(type ${library} TYPE)
			if(type STREQUAL SHARED_LIBRARY)
				list(APPEND ta_libraries $<TARGET_FILE:${library}>)
			endif()
		endif()
	endforeach()

	set(image ${TA_OUTPUT_DIRECTORY}/${TA_UUID})
	set(check "")
	if(NOT TA_NO_SYMBOL_CHECK)
		if(TARGET tee_api_stub)
			set(stub $<TARGET_FILE:tee_api_stub>)
			add_dependencies(${TA_NAME} tee_api_stub)
		else()
			set(stub ${kit}/lib/libtee_api_stub.a)
		endif()
		set(linker ${CMAKE_C_COMPILER})
		set(check COMMAND ${kit}/scripts/check_symbols.sh ${linker}
			${image}.elf ${stub} ${ta_libraries})
	endif()

	set(strip COMMAND ${CMAKE_OBJCOPY} --strip-unneeded ${image}.elf ${image}.stripped.elf)
	find_program(TEESIM_PROGRAM teesim NO_DEFAULT_PATH
		PATHS ${kit}/../bin ${kit}/../../../bin)
	if(TARGET teesim AND TA_SIGN_KEY)
		set(signer $<TARGET_FILE:teesim>)
		add_dependencies(${TA_NAME} teesim)
	elseif(NOT TARGET tee_api_stub AND TEESIM_PROGRAM)
		set(signer ${TEESIM_PROGRAM})
	elseif(TA_SIGN_KEY)
		message(FATAL_ERROR "teesim_add_${what}(${TA_NAME}): SIGN_KEY needs the teesim program; "
			"set TEESIM_PROGRAM to it")
	endif()
	if(signer AND NOT TA_UNSIGNED)
		set(key "")
		if(TA_SIGN_KEY)
			get_filename_component(key ${TA_SIGN_KEY} ABSOLUTE)
			set(key --key ${key})
		endif()
		set(package COMMAND ${signer} ta sign --uuid ${TA_UUID} --version ${TA_VERSION}
			${key} --in ${image}.stripped.elf --out ${image}.ta)
	else()
		set(package COMMAND ${CMAKE_COMMAND} -E copy ${image}.stripped.elf ${image}.ta)
	endif()
	add_custom_command(TARGET ${TA_NAME} POST_BUILD ${check} ${strip} ${package}
		COMMENT "Packing ${TA_UUID}.ta" VERBATIM)
	set_target_properties(${TA_NAME} PROPERTIES TEESIM_TA_UUID ${TA_UUID}
		TEESIM_TA_FILE ${image}.ta)
	set_property(TARGET ${TA_NAME} APPEND PROPERTY ADDITIONAL_CLEAN_FILES
		${image}.ta ${image}.stripped.elf)
endfunction()
