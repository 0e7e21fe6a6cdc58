# find_package(teec) gives the target `teec`, and `teec::teec`, which is the same.
include("${CMAKE_CURRENT_LIST_DIR}/teecTargets.cmake")
if(NOT TARGET teec::teec)
	add_library(teec::teec ALIAS teec)
endif()
