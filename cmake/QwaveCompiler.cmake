# SPDX-License-Identifier: Apache-2.0
# Language level and warnings, the same for gcc and clang. Warnings are errors.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")
set(CMAKE_ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib")

set(QWAVE_SANITIZE "" CACHE STRING "comma-separated sanitizers, for example address,undefined")
option(QWAVE_COVERAGE "instrument for gcov" OFF)
option(QWAVE_FUZZ "build the fuzz targets with libFuzzer (clang)" OFF)

add_compile_options(-Wall -Wextra -Wpedantic -Wconversion -Wshadow
                    "$<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes;-Wmissing-prototypes>" -Wvla -Wformat=2 -Werror -fstack-protector-strong -fno-common)
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT QWAVE_SANITIZE)
    add_compile_definitions(_FORTIFY_SOURCE=2)
endif()
add_link_options(-Wl,-z,relro,-z,now -Wl,--as-needed) # a program loads only what it uses
if(QWAVE_SANITIZE)
    add_compile_options(-fsanitize=${QWAVE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${QWAVE_SANITIZE})
endif()
if(QWAVE_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic -O0) # threads count too
    add_link_options(--coverage)
endif()
if(QWAVE_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
