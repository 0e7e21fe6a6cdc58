# find_package(teec) gives the target `teec`.
include("${CMAKE_CURRENT_LIST_DIR}/teecTargets.cmake")
