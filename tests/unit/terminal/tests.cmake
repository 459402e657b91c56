# SPDX-License-Identifier: Apache-2.0
qwave_wrap(terminal card_fault write fsync rename mkostemp qw_secret_new calloc strdup qw_random_bytes)

# Parts of the two programs that have logic of their own, with the rest of the program replaced by the test.
function(qwave_program_test program file rows)
    set(target ${program}_${file}_test)
    list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/apps/${program}/" OUTPUT_VARIABLE sources)
    add_executable(${target} unit/${program}/${file}_test.c ${sources})
    target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/apps/${program}" "${CMAKE_SOURCE_DIR}/tests")
    target_link_libraries(${target} PRIVATE qw_terminal PkgConfig::CMOCKA)
    add_test(NAME ${program}.${file} COMMAND ${target})
    set_tests_properties(${program}.${file} PROPERTIES TIMEOUT 300 LABELS "unit;${program};${rows}")
endfunction()
qwave_program_test(qwave-terminal server "W6;W7" server.c supply.c client.c)
qwave_program_test(qwave-ap waiting_room "W4" waiting_room.c)
