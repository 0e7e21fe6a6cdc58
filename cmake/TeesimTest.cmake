# How tests are declared. One declaration gives a test in every form that it can run in:
#
#   NAME            as it is
#   NAME.asan       the same, from the tree that is built with the sanitizers
#   NAME.valgrind   the same under Valgrind's memcheck (not from the sanitizers' tree)
#
# A form that only the full run needs carries the label `full`; `./dev test` leaves those out and
# `./dev test --full` does not. The other labels are `unit`, `e2e`, `asan`, `valgrind`, and what the
# declaration adds.
include_guard(GLOBAL)

pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)
find_program(TEESIM_VALGRIND valgrind)
set(TEESIM_MEMCHECK ${CMAKE_SOURCE_DIR}/tests/memcheck.sh)

if(TEESIM_SANITIZE)
	set(TEESIM_TEST_SUFFIX .asan)
	set(TEESIM_TEST_LABELS asan)
else()
	set(TEESIM_TEST_SUFFIX "")
	set(TEESIM_TEST_LABELS "")
endif()

# What every test finds in its environment, so that none of them touches the user's own devices.
set(TEESIM_TEST_ENVIRONMENT
	TEESIM_BUILD_DIR=${CMAKE_BINARY_DIR}
	TEESIM_SOURCE_DIR=${CMAKE_SOURCE_DIR}
	ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:strict_string_checks=1
	UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
	LC_ALL=C.UTF-8)

# teesim_test(NAME name COMMAND command... [LABELS label...] [ENVIRONMENT VAR=value...]
#             [TIMEOUT seconds] [WORKING_DIRECTORY dir] [SERIAL])
#
# Any other program as a test: the suffix and the label of the tree, and the environment above.
# SERIAL: never at the same time as another test (for what is measured, or uses up the machine).
function(teesim_test)
	cmake_parse_arguments(PARSE_ARGV 0 T "SERIAL" "NAME;TIMEOUT;WORKING_DIRECTORY"
		"COMMAND;LABELS;ENVIRONMENT")
	if(NOT T_NAME OR NOT T_COMMAND OR T_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "teesim_test(${T_NAME}): needs NAME and COMMAND; "
			"not understood: ${T_UNPARSED_ARGUMENTS}")
	endif()
	if(NOT T_TIMEOUT)
		set(T_TIMEOUT 600)
	endif()
	if(NOT T_WORKING_DIRECTORY)
		set(T_WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
	endif()
	set(name ${T_NAME}${TEESIM_TEST_SUFFIX})
	add_test(NAME ${name} COMMAND ${T_COMMAND} WORKING_DIRECTORY ${T_WORKING_DIRECTORY})
	set_tests_properties(${name} PROPERTIES
		TIMEOUT ${T_TIMEOUT}
		LABELS "${T_LABELS};${TEESIM_TEST_LABELS}"
		ENVIRONMENT "${TEESIM_TEST_ENVIRONMENT};${T_ENVIRONMENT}")
	if(TEESIM_SANITIZE)
		# Leaks are looked for when a Criterion worker exits, after it has sent its result.
		set_tests_properties(${name} PROPERTIES
			FAIL_REGULAR_EXPRESSION "ERROR: LeakSanitizer")
	endif()
	if(T_SERIAL)
		set_tests_properties(${name} PROPERTIES RUN_SERIAL TRUE)
	endif()
endfunction()

# teesim_unit_test(NAME name SOURCES file... [LINK library...] [INCLUDES dir...] [DEFINES name...]
#                  [ENVIRONMENT VAR=value...] [LABELS label...] [TIMEOUT seconds]
#                  [VALGRIND | NO_VALGRIND] [SERIAL])
#
# A Criterion executable, target `test-NAME`, and its tests. VALGRIND: also under Valgrind in every
# run. NO_VALGRIND: never, for what Valgrind can't run (seccomp filters, deliberate crashes).
# Neither: under Valgrind in the full run.
function(teesim_unit_test)
	cmake_parse_arguments(PARSE_ARGV 0 T "VALGRIND;NO_VALGRIND;SERIAL" "NAME;TIMEOUT"
		"SOURCES;LINK;INCLUDES;DEFINES;ENVIRONMENT;LABELS")
	if(NOT T_NAME OR NOT T_SOURCES OR T_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "teesim_unit_test(${T_NAME}): needs NAME and SOURCES; "
			"not understood: ${T_UNPARSED_ARGUMENTS}")
	endif()
	if(NOT T_TIMEOUT)
		set(T_TIMEOUT 600)
	endif()
	set(target test-${T_NAME})
	add_executable(${target} ${T_SOURCES})
	# bin/ is what gets installed; a test stays where it was built.
	set_target_properties(${target} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
	target_link_libraries(${target} PRIVATE ${T_LINK} teesim::flags PkgConfig::CRITERION)
	target_include_directories(${target} PRIVATE ${T_INCLUDES})
	target_compile_definitions(${target} PRIVATE ${T_DEFINES})
	# Criterion's macros are not written for these two.
	target_compile_options(${target} PRIVATE -Wno-pedantic -Wno-missing-prototypes)

	set(program ${CMAKE_CURRENT_BINARY_DIR}/${target})
	set(serial "")
	if(T_SERIAL)
		set(serial SERIAL)
	endif()
	teesim_test(NAME ${T_NAME} COMMAND ${program} --jobs 1 TIMEOUT ${T_TIMEOUT}
		LABELS unit ${T_LABELS} ENVIRONMENT ${T_ENVIRONMENT} ${serial})

	if(TEESIM_SANITIZE OR T_NO_VALGRIND OR NOT TEESIM_VALGRIND)
		return()
	endif()
	set(full full)
	if(T_VALGRIND)
		set(full "")
	endif()
	math(EXPR slow "${T_TIMEOUT} * 5")
	teesim_test(NAME ${T_NAME}.valgrind COMMAND ${TEESIM_MEMCHECK} ${program} --jobs 1
		TIMEOUT ${slow} LABELS unit valgrind ${full} ${T_LABELS}
		ENVIRONMENT ${T_ENVIRONMENT} ${serial})
endfunction()

# teesim_e2e_test(NAME name SCRIPT file.sh [ARGS arg...] [ENVIRONMENT VAR=value...]
#                 [LABELS label...] [TIMEOUT seconds] [VALGRIND] [NO_SANITIZE] [SERIAL])
#
# A bash script that runs the built programs of this tree as a user would; tests/README.md says
# what it finds in its environment and what it must leave behind (nothing). VALGRIND: once more
# with $TEESIM_MEMCHECK set to the command to put before a client; it is empty otherwise.
function(teesim_e2e_test)
	cmake_parse_arguments(PARSE_ARGV 0 T "VALGRIND;NO_SANITIZE;SERIAL" "NAME;SCRIPT;TIMEOUT"
		"ARGS;ENVIRONMENT;LABELS")
	if(NOT T_NAME OR NOT T_SCRIPT OR T_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "teesim_e2e_test(${T_NAME}): needs NAME and SCRIPT; "
			"not understood: ${T_UNPARSED_ARGUMENTS}")
	endif()
	if(T_NO_SANITIZE AND TEESIM_SANITIZE)
		return()
	endif()
	if(NOT T_TIMEOUT)
		set(T_TIMEOUT 900)
	endif()
	get_filename_component(script ${T_SCRIPT} ABSOLUTE)
	set(serial "")
	if(T_SERIAL)
		set(serial SERIAL)
	endif()
	teesim_test(NAME ${T_NAME} COMMAND $<TARGET_FILE:test-fixture> bash ${script} ${T_ARGS}
		TIMEOUT ${T_TIMEOUT} LABELS e2e ${T_LABELS}
		ENVIRONMENT TEESIM_MEMCHECK= ${T_ENVIRONMENT} ${serial})
	if(NOT T_VALGRIND OR TEESIM_SANITIZE OR NOT TEESIM_VALGRIND)
		return()
	endif()
	math(EXPR slow "${T_TIMEOUT} * 5")
	teesim_test(NAME ${T_NAME}.valgrind
		COMMAND $<TARGET_FILE:test-fixture> bash ${script} ${T_ARGS}
		TIMEOUT ${slow} LABELS e2e valgrind ${T_LABELS}
		ENVIRONMENT TEESIM_MEMCHECK=${TEESIM_MEMCHECK} ${T_ENVIRONMENT} ${serial})
endfunction()

# teesim_fuzz_target(NAME name SOURCES file... [LINK library...] [INCLUDES dir...])
#
# The sources define LLVMFuzzerTestOneInput. In the tree of preset `fuzz` that is target fuzz-NAME
# on libFuzzer, for `./dev fuzz NAME`. In every other tree it is the test fuzz_NAME, which feeds it
# each file of tests/fuzz/corpus/NAME and a fixed number of mutations of each: what was once found
# stays mended, and an input that is merely odd is tried in every run.
function(teesim_fuzz_target)
	cmake_parse_arguments(PARSE_ARGV 0 T "" "NAME" "SOURCES;LINK;INCLUDES")
	if(NOT T_NAME OR NOT T_SOURCES OR T_UNPARSED_ARGUMENTS)
		message(FATAL_ERROR "teesim_fuzz_target(${T_NAME}): needs NAME and SOURCES; "
			"not understood: ${T_UNPARSED_ARGUMENTS}")
	endif()
	set(target fuzz-${T_NAME})
	add_executable(${target} ${T_SOURCES})
	target_link_libraries(${target} PRIVATE ${T_LINK} teesim::flags)
	target_include_directories(${target} PRIVATE ${T_INCLUDES})
	target_compile_options(${target} PRIVATE -Wno-missing-prototypes)
	if(TEESIM_FUZZ)
		set_target_properties(${target} PROPERTIES
			RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
		target_link_options(${target} PRIVATE -fsanitize=fuzzer)
		return()
	endif()
	target_sources(${target} PRIVATE ${CMAKE_SOURCE_DIR}/tests/harness/fuzz_replay.c)
	set_target_properties(${target} PROPERTIES
		RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
	teesim_test(NAME fuzz_${T_NAME}
		COMMAND ${CMAKE_CURRENT_BINARY_DIR}/${target}
			${CMAKE_SOURCE_DIR}/tests/fuzz/corpus/${T_NAME}
		LABELS unit fuzz)
endfunction()
