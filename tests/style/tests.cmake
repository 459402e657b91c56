# SPDX-License-Identifier: Apache-2.0
# Each checker is a test over the tree (style.<checker>), and is tested itself with a seeded violation whose message and
# exit status it must give (style.<checker>_refuses): a checker that crashes, or finds nothing, is red.
function(qwave_style name)
    cmake_parse_arguments(STYLE "" "" "CHECK;REFUSES" ${ARGN})
    add_test(NAME style.${name} COMMAND ${STYLE_CHECK})
    add_test(NAME style.${name}_refuses COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/style/${name}.sh")
    set_tests_properties(style.${name} style.${name}_refuses PROPERTIES LABELS style TIMEOUT 300 SKIP_RETURN_CODE 77)
    set_tests_properties(style.${name}_refuses PROPERTIES PASS_REGULAR_EXPRESSION "${STYLE_REFUSES}")
endfunction()

set(tools "${CMAKE_SOURCE_DIR}/tools")
# "." in these expressions also stands for a line's end.
qwave_style(layers CHECK "${tools}/check_layers"
    REFUSES "src/centre/device.c:1: includes are rooted at src: key_life.h.src/distill/toeplitz.h:2: distill may not include radio/quantise.h.exit status 1")
qwave_style(format CHECK "${tools}/check_format"
    REFUSES "src/base/crooked.h:1: not formatted .make format..exit status 1")
qwave_style(headers CHECK "${tools}/check_headers"
    REFUSES "src/base/lonely.h: does not compile alone with .*src/base/masked.h: the guard should be QW_BASE_MASKED_H.*exit status 1")
set_tests_properties(style.headers PROPERTIES COST 40 PROCESSORS 2 TIMEOUT 600) # every header, with every compiler
qwave_style(banned CHECK "${tools}/check_banned"
    REFUSES "^src/base/copy.c:4: memcmp is banned: [^\n]*.src/base/copy.c:5: memcmp is banned: [^\n]*.tools/banned.txt: allows 1 strtok in src/base/copy.c, which has 0.exit status 1")
qwave_style(marks CHECK "${tools}/check_marks"
    REFUSES "^src/base/later.c:2: left-over mark: [^\n]*.src/base/bare.c:1: the first line should be the SPDX line.exit status 1")
qwave_style(man CHECK "${tools}/check_man"
    REFUSES "apps/bare: no manual page bare.1.mandoc: apps/crooked/crooked.1:.*exit status 1")
qwave_style(readme CHECK "${tools}/check_readme"
    REFUSES "README.md: 0 lines for row W4, should be one.README.md: row C7: state 'nearly' is none of works, partly, not yet.exit status 1")
qwave_style(links CHECK "${tools}/check_links"
    REFUSES "^docs/here.md:1: no such page: there.md.src/base/lost.h:1: no such page: docs/protocol/lost.md.exit status 1")
qwave_style(trace CHECK "${tools}/trace"
    REFUSES "docs/trace.md is stale.*exit status 1.src/base/join.c:1: .radio 2.: not a form of citation[^\n]*.exit status 1")

# Sanitizers and gcov add writable data of their own to every object.
if(NOT QWAVE_SANITIZE AND NOT QWAVE_COVERAGE AND NOT QWAVE_FUZZ)
    qwave_style(statics CHECK "${tools}/check_statics" "${CMAKE_ARCHIVE_OUTPUT_DIRECTORY}"
        REFUSES "libqw_seed.a: counter.c: calls is a writable static ..bss..libqw_seed.a: counter.c: last is a writable static ..bss..libqw_seed.a: counter.c: started is a writable static ..data..exit status 1")
endif()

# The two scripts behind `make demo` and `make check`.
add_test(NAME style.setup COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/style/setup.sh")
set_tests_properties(style.setup PROPERTIES LABELS style TIMEOUT 60 PASS_REGULAR_EXPRESSION
    "^-- nothing is missing.exit status 0.-- as root.*cmake .*jq .*apt-get update -q.apt-get update failed.*apt-get install -q -y --no-install-recommends cmake jq.exit status 0.-- as a user.*sudo apt-get update -q.sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends cmake.exit status 0.-- no ipsec-mb elsewhere.exit status 0")
add_test(NAME style.build_console COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/style/build_console.sh")
set_tests_properties(style.build_console PROPERTIES LABELS style TIMEOUT 60 PASS_REGULAR_EXPRESSION
    "^-- no packages.npm ci.WARNING: the console could not be built[^\n]*.exit status 0.table.c:1.setup.c:1.-- no packages, and they are needed.npm ci.exit status 1.-- packages.npm ci.npm run.npm run.exit status 0.made.-- nothing has changed.exit status 0")
add_test(NAME style.check COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/style/check.sh")
set_tests_properties(style.check PROPERTIES LABELS style TIMEOUT 60 PASS_REGULAR_EXPRESSION
    ".18 passed, 0 failed, 6 skipped.exit status 0.*.15 passed, 5 failed, 3 skipped.exit status 1")
