# SPDX-License-Identifier: Apache-2.0
# system.<NN-scenario>: real processes, real sockets, a real database. A scenario's rows stand on its line "# rows: …"; a line
# "# once: why" keeps it out of the sanitizers' run, a line "# slow: why" out of every preset's run: by hand, or ctest --test-dir build/release -L slow.
foreach(name kill_at_rename twist_key enter_netns move_clock trouble_at_step)
    add_library(qwave_${name} MODULE system/${name}.c)
    set_target_properties(qwave_${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/preload")
    target_link_libraries(qwave_${name} PRIVATE ${CMAKE_DL_LIBS})
endforeach()
target_link_libraries(qwave_trouble_at_step PRIVATE PkgConfig::POSTGRESQL)
add_executable(qwave_tpm_extend system/tpm_extend.c)
add_executable(qwave_memory_scan system/memory_scan.c)
add_executable(qwave_filtered system/filtered.c)
add_executable(qwave_secret_markers system/secret_markers.c)
target_link_libraries(qwave_secret_markers PRIVATE qw_centre qw_terminal)
add_executable(qwave_lying_node system/lying_node.c $<TARGET_OBJECTS:qwave>)
target_link_libraries(qwave_lying_node PRIVATE $<TARGET_PROPERTY:qwave,LINK_LIBRARIES>)
target_link_options(qwave_lying_node PRIVATE -Wl,--wrap=qw_hop_seal)
file(GLOB scenarios CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/system/[0-9]*.sh")
# They wait more than they work, and last longest: begun first (COST), beside one another and beside the unit tests.
foreach(scenario IN LISTS scenarios)
    get_filename_component(name ${scenario} NAME_WE)
    file(STRINGS ${scenario} rows REGEX "^# rows: ")
    string(REPLACE "# rows: " "" rows "${rows}")
    string(REPLACE " " ";" rows "${rows}")
    add_test(NAME system.${name} COMMAND bash "${scenario}" "$<TARGET_FILE_DIR:qwave>")
    set_tests_properties(system.${name} PROPERTIES TIMEOUT 1200 SKIP_RETURN_CODE 77 COST 30)
    # Five seeds and the long forms where it is fast; two seeds, and what such a build can do in the time, under sanitizers.
    if(CMAKE_BUILD_TYPE STREQUAL "Release")
        set(seeds 5)
        set(release yes)
    else()
        set(seeds 2)
        set(release no)
    endif()
    set_property(TEST system.${name} PROPERTY ENVIRONMENT "QWAVE_CAPTURES=${QWAVE_CAPTURES}" "QWAVE_SEEDS=${seeds}" "QWAVE_RELEASE=${release}"
        "QWAVE_KILL_AT_RENAME=$<TARGET_FILE:qwave_kill_at_rename>" "QWAVE_TWIST_KEY=$<TARGET_FILE:qwave_twist_key>" "QWAVE_ENTER_NETNS=$<TARGET_FILE:qwave_enter_netns>"
        "QWAVE_MOVE_CLOCK=$<TARGET_FILE:qwave_move_clock>" "QWAVE_TROUBLE_AT_STEP=$<TARGET_FILE:qwave_trouble_at_step>"
        "QWAVE_TPM_EXTEND=$<TARGET_FILE:qwave_tpm_extend>" "QWAVE_MEMORY_SCAN=$<TARGET_FILE:qwave_memory_scan>"
        "QWAVE_PKCS11_SHIM=$<TARGET_FILE:qwave_pkcs11_shim>" "QWAVE_SECRET_MARKERS=$<TARGET_FILE:qwave_secret_markers>" "QWAVE_FILTERED=$<TARGET_FILE:qwave_filtered>"
        "QWAVE_LYING_NODE=$<TARGET_FILE:qwave_lying_node>" "QWAVE_WIREGUARD_KERNEL_TEST=$<TARGET_FILE:link_wireguard_kernel_test>")
    if(TARGET qwave_simulated_radio)
        set_property(TEST system.${name} APPEND PROPERTY ENVIRONMENT
            "QWAVE_SIMULATED_RADIO=$<TARGET_FILE_DIR:qwave_simulated_radio>")
    endif()
    set_property(TEST system.${name} PROPERTY LABELS system ${rows})
    file(STRINGS ${scenario} once REGEX "^# once: ")
    if(once)
        set_property(TEST system.${name} APPEND PROPERTY LABELS once)
    endif()
    file(STRINGS ${scenario} slow REGEX "^# slow: ")
    if(slow)
        set_property(TEST system.${name} APPEND PROPERTY LABELS slow)
        set_tests_properties(system.${name} PROPERTIES TIMEOUT 3600)
    endif()
endforeach()

# Several threads of qwaved under load.
foreach(name 22-bench-centre 28-etsi004)
    qwave_threads(system.${name} qwaved qwave)
endforeach()
