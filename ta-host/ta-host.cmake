# The program itself, from the libraries beside it.
if(NOT TARGET teesim_ta_api OR NOT TARGET teesim_loader)
	return()
endif()
add_executable(ta-host
	client.c
	death.c
	instance.c
	main.c
	network.c
	service.c)
target_include_directories(ta-host PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_link_libraries(ta-host PRIVATE
	teesim_ta_api teesim_loader teesim_sandbox teesim_serving teesim_wire ta_kit_headers
	teesim::flags)
target_link_options(ta-host PRIVATE -Wl,--dynamic-list=${teesim_ta_api_dynamic_list})
set_target_properties(ta-host PROPERTIES
	RUNTIME_OUTPUT_DIRECTORY ${TEESIM_LIBEXEC_OUTPUT_DIRECTORY})
install(TARGETS ta-host RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/teesim)
