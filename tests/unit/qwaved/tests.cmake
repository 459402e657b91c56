# SPDX-License-Identifier: Apache-2.0
# qwaved's table of routes on a real centre, without the network.
file(GLOB route_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/apps/qwaved/rout*.c")
add_executable(qwaved_routes_test unit/qwaved/routes_test.c ${route_sources})
target_include_directories(qwaved_routes_test PRIVATE "${CMAKE_SOURCE_DIR}/apps/qwaved" "${CMAKE_SOURCE_DIR}/tests")
target_compile_definitions(qwaved_routes_test PRIVATE QWAVE_SOURCE="${CMAKE_SOURCE_DIR}")
target_link_libraries(qwaved_routes_test PRIVATE qw_centre PkgConfig::CMOCKA)
target_link_options(qwaved_routes_test PRIVATE "-Wl,--wrap=qw_secret_new")
add_test(NAME qwaved.routes COMMAND qwaved_routes_test)
set_tests_properties(qwaved.routes PROPERTIES TIMEOUT 120 LABELS "unit;qwaved;C14;C8;W8;S3")

add_executable(qwaved_routes_key_test unit/qwaved/routes_key_test.c ${route_sources})
target_include_directories(qwaved_routes_key_test PRIVATE "${CMAKE_SOURCE_DIR}/apps/qwaved" "${CMAKE_SOURCE_DIR}/tests")
target_link_libraries(qwaved_routes_key_test PRIVATE qw_centre PkgConfig::CMOCKA)
add_test(NAME qwaved.routes_key COMMAND qwaved_routes_key_test)
set_tests_properties(qwaved.routes_key PROPERTIES TIMEOUT 120 LABELS "unit;qwaved;C12;C14")

add_executable(qwaved_settings_test unit/qwaved/settings_test.c "${CMAKE_SOURCE_DIR}/apps/qwaved/settings.c")
target_include_directories(qwaved_settings_test PRIVATE "${CMAKE_SOURCE_DIR}/apps/qwaved")
target_link_libraries(qwaved_settings_test PRIVATE qw_base PkgConfig::CMOCKA)
add_test(NAME qwaved.settings COMMAND qwaved_settings_test)
set_tests_properties(qwaved.settings PROPERTIES TIMEOUT 120 LABELS "unit;qwaved;C14")

add_executable(qwaved_source_gate_test unit/qwaved/source_gate_test.c "${CMAKE_SOURCE_DIR}/apps/qwaved/source_gate.c")
target_include_directories(qwaved_source_gate_test PRIVATE "${CMAKE_SOURCE_DIR}/apps/qwaved")
target_link_libraries(qwaved_source_gate_test PRIVATE qw_crypto PkgConfig::CMOCKA)
add_test(NAME qwaved.source_gate COMMAND qwaved_source_gate_test)
set_tests_properties(qwaved.source_gate PROPERTIES TIMEOUT 120 LABELS "unit;qwaved;C1")
