# SPDX-License-Identifier: Apache-2.0
# console.<what>: the operator's page by itself; in a browser and against a centre it is system.72-console. They do not
# depend on the preset: label style.
if(QWAVE_HAS_CONSOLE)
    foreach(what unit types)
        add_test(NAME console.${what} COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/console.sh" ${what})
        set_tests_properties(console.${what} PROPERTIES LABELS "style;C10" TIMEOUT 300 SKIP_RETURN_CODE 77)
    endforeach()
endif()
