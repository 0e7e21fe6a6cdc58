# The compiler's settings for all of the project's own code, in one place: link `teesim::flags`.
option(TEESIM_SANITIZE "Build with the address and undefined-behaviour sanitizers" OFF)
option(TEESIM_FUZZ "Build the fuzz targets on libFuzzer; needs clang and TEESIM_SANITIZE" OFF)

add_library(teesim_flags INTERFACE)
add_library(teesim::flags ALIAS teesim_flags)

target_compile_definitions(teesim_flags INTERFACE _GNU_SOURCE)
target_include_directories(teesim_flags INTERFACE ${CMAKE_SOURCE_DIR}/sim-core)
target_compile_options(teesim_flags INTERFACE
	-Wall -Wextra -Wpedantic -Werror -Wshadow
	$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wconversion
		-Wno-sign-conversion>
	-fstack-protector-strong -fcf-protection -fno-omit-frame-pointer)
target_link_options(teesim_flags INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)

if(TEESIM_SANITIZE)
	target_compile_options(teesim_flags INTERFACE
		-fsanitize=address,undefined -fno-sanitize-recover=undefined)
	target_link_options(teesim_flags INTERFACE -fsanitize=address,undefined)
	target_compile_definitions(teesim_flags INTERFACE TEESIM_SANITIZE=1)
else()
	target_compile_options(teesim_flags INTERFACE $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()

if(TEESIM_FUZZ)
	# Coverage in the code under test; libFuzzer's own main comes with each target.
	# What clang warns of beyond gcc is told, and stops no fuzzing; gcc's trees are the judges.
	target_compile_options(teesim_flags INTERFACE -fsanitize=fuzzer-no-link -Wno-error
		-Wno-gnu-zero-variadic-macro-arguments)
endif()
