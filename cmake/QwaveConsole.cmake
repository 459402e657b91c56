# SPDX-License-Identifier: Apache-2.0
# The operator's page as a C table for qwaved (docs/adr/0101), and that of `qwave init --page` as one for qwave. Without Node.js, or with QWAVE_CONSOLE=OFF, an empty one: the
# programs work, and qwaved says that it was built without. AUTO takes the empty one also when the packages of the page cannot
# be had; ON fails instead.
set(QWAVE_CONSOLE AUTO CACHE STRING "build the operator's page: AUTO (when it can be built), ON, OFF")
set_property(CACHE QWAVE_CONSOLE PROPERTY STRINGS AUTO ON OFF)

function(qwave_console variable setup_variable)
    set(table "${CMAKE_BINARY_DIR}/console_files.c")
    set(setup "${CMAKE_BINARY_DIR}/setup_files.c")
    find_program(NODE node)
    find_program(NPM npm)
    if(QWAVE_CONSOLE STREQUAL "ON" AND NOT (NODE AND NPM))
        message(FATAL_ERROR "QWAVE_CONSOLE=ON needs node (18 or newer) and npm")
    endif()
    if(QWAVE_CONSOLE STREQUAL "OFF" OR NOT NODE OR NOT NPM)
        message(STATUS "console: not built (QWAVE_CONSOLE=${QWAVE_CONSOLE}; needs node 18 or newer, and npm); qwaved will have no page")
        file(CONFIGURE OUTPUT "${table}" CONTENT
            "/* Built without the page. */\n#include \"console/console.h\"\n\nconst struct qw_http_page console_built = { .files = NULL };\n")
        file(CONFIGURE OUTPUT "${setup}" CONTENT
            "/* Built without the page. */\n#include \"setup/setup_files.h\"\n\nconst struct qw_http_page setup_files_built = { .files = NULL };\n")
        set(QWAVE_HAS_CONSOLE OFF PARENT_SCOPE)
    else()
        file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/console/src/*.*")
        list(FILTER sources EXCLUDE REGEX "openapi\\.d\\.ts$")
        file(GLOB settings CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/console/*.*")
        set(tolerance --or-nothing)
        if(QWAVE_CONSOLE STREQUAL "ON")
            set(tolerance "")
        endif()
        add_custom_command(OUTPUT "${table}" "${setup}"
            COMMAND "${CMAKE_SOURCE_DIR}/tools/build_console" ${tolerance} "${table}" "${setup}"
            DEPENDS ${sources} ${settings} "${CMAKE_SOURCE_DIR}/docs/openapi.yaml" "${CMAKE_SOURCE_DIR}/tools/build_console"
            COMMENT "Building the operator's page" VERBATIM)
        set(QWAVE_HAS_CONSOLE ON PARENT_SCOPE)
    endif()
    set(${variable} "${table}" PARENT_SCOPE)
    set(${setup_variable} "${setup}" PARENT_SCOPE)
endfunction()
