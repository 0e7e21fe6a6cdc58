# For find_package(TeesimTA): gives teesim_add_ta().
include(${CMAKE_CURRENT_LIST_DIR}/TeesimTA.cmake)
