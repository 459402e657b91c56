# SPDX-License-Identifier: Apache-2.0
# Parts of programs that have logic of their own. tests/unit/<program>/<file>_test.c, with the sources it names and with a layer's library, becomes the
# CTest <program>.<file>; the test stands for the rest of the program.
function(qwave_program_test program file layer)
    set(target ${program}_${file}_test)
    list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/apps/${program}/" OUTPUT_VARIABLE sources)
    add_executable(${target} unit/${program}/${file}_test.c ${sources})
    target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/apps/${program}" "${CMAKE_SOURCE_DIR}/tests")
    target_compile_definitions(${target} PRIVATE QWAVE_SOURCE="${CMAKE_SOURCE_DIR}")
    target_link_libraries(${target} PRIVATE qw_${layer} PkgConfig::CMOCKA m)
    add_test(NAME ${program}.${file} COMMAND ${target})
    qwave_labels(${program} ${file} "${CMAKE_CURRENT_SOURCE_DIR}/unit/${program}/${file}_test.c")
endfunction()

# Sources of a program by pattern, as qwave_program_test takes them.
function(qwave_program_sources program variable)
    list(TRANSFORM ARGN PREPEND "${CMAKE_SOURCE_DIR}/apps/${program}/")
    file(GLOB found CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}/apps/${program}" ${ARGN})
    set(${variable} ${found} PARENT_SCOPE)
endfunction()

qwave_program_test(qwave-terminal server terminal server.c supply.c client.c)
qwave_program_test(qwave-ap waiting_room terminal waiting_room.c)
qwave_program_test(qwave-ap view terminal view.c)
qwave_program_test(qwave-link settings link settings.c)
qwave_program_test(qwave-link key_server link key_server.c)
qwave_wrap(qwave-link key_server qw_clock_monotonic_ms qw_http_client_new qw_http_client_free qw_http_client_call)

qwave_program_test(qwave leak_scan base demo/leak_scan.c)
qwave_program_test(qwave svg_plot base svg_plot.c svg_text.c)
qwave_program_test(qwave svg_waterfall base svg_waterfall.c svg_text.c)
qwave_program_test(qwave passphrase base passphrase.c)
qwave_program_test(qwave distances base lab/distances.c)
qwave_program_test(qwave node_entry base node/node_entry.c)
qwave_program_test(qwave node_keys qkd node/node_keys.c)
qwave_wrap(qwave node_keys write)
qwave_program_test(qwave node_delivery qkd node/node_delivery.c)
qwave_wrap(qwave node_delivery calloc qw_clock_monotonic_ms qw_routing_find qw_routing_failed qw_relay_new_id qw_relay_request qw_relay_give_up)
# Conformance checks, against servers that are wrong on purpose.
qwave_program_sources(qwave conform "conform/*.c")
qwave_program_test(qwave conform_014 api ${conform} option_value.c json_print.c)
qwave_program_test(qwave conform_004 api ${conform} option_value.c json_print.c)
# The laboratory's network, event by event.
qwave_program_sources(qwave sim "lab/network/sim_*.c")
qwave_program_test(qwave network_sim qkd ${sim} lab/network/network_sim.c lab/network/demand_pairs.c)
qwave_wrap(qwave network_sim calloc realloc)

# What a run of a network makes of the files of its nodes.
qwave_program_test(qwave network_verify qkd network/run/run_verify.c network/run/run_files.c network/run/run_settings.c scratch_folder.c)
qwave_wrap(qwave network_verify calloc)

# qwaved's tables of routes on a real centre, without the network.
qwave_program_sources(qwaved routes "rout*.c")
qwave_program_sources(qwaved shipping "shipping/*.c" "metrics/*.c" "certificates/*.c")
list(APPEND routes partners.c partner_files.c partner_lanes.c partner_text.c ack_queue.c events.c source/pad_wrap.c source/link_pads.c ${shipping})
foreach(file routes routes_audit routes_metrics routes_key routes_officer routes_device_list routes_import routes_skip routes_psk routes_partner routes_console routes_self routes_events routes_radio_view)
    qwave_program_test(qwaved ${file} centre ${routes})
endforeach()
qwave_wrap(qwaved routes_radio_view qw_centre_access_point_serves)
qwave_wrap(qwaved routes qw_secret_new)
qwave_wrap(qwaved routes_skip qw_secret_lend)
qwave_wrap(qwaved routes_psk qw_secret_lend)

qwave_program_test(qwaved public_door centre ${routes} public/public_door.c)
qwave_program_test(qwaved syslog_line centre shipping/syslog_line.c)
qwave_program_test(qwaved shipper centre ${routes})

qwave_program_test(qwaved events base events.c)
qwave_wrap(qwaved events calloc)
qwave_threads(qwaved.events qwaved_events_test)

qwave_program_test(qwaved settings base settings.c)
qwave_program_test(qwaved settings_change base reload/settings_change.c settings.c)
qwave_program_test(qwaved custody_choice crypto custody_choice.c settings.c)
qwave_program_test(qwaved source_gate crypto source_gate.c)
qwave_program_sources(qwaved link_source "source/link_*.c")
qwave_program_test(qwaved link_source qkd ${link_source})
qwave_wrap(qwaved link_source calloc qw_secret_new qw_file_replace)
qwave_threads(qwaved.link_source qwaved_link_source_test)
qwave_program_test(qwaved link_pads qkd source/link_pads.c)
qwave_wrap(qwaved link_pads calloc qw_secret_new)
qwave_program_test(qwaved pad_wrap api source/pad_wrap.c source/link_pads.c)
qwave_program_test(qwaved seen_ids crypto source/seen_ids.c)
qwave_wrap(qwaved seen_ids calloc fdatasync)
qwave_program_test(qwaved kme_settings base source/kme_settings.c)
qwave_program_test(qwaved kme_source api source/kme_source.c source/seen_ids.c)
qwave_wrap(qwaved kme_source calloc qw_secret_new fdatasync qw_clock_monotonic_ms qw_random_spread qw_http_client_new
    qw_http_client_free qw_http_client_call)
