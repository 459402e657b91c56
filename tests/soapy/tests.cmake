# SPDX-License-Identifier: Apache-2.0
# Where SoapySDR's headers are: our prototypes against them, and a simulated radio as a module of it. Modules register by a
# C++ object, so this is the one place of C++. Without a sanitizer of its own: C++ would need another part of its run time.
find_path(SOAPY_INCLUDE SoapySDR/Device.hpp)
find_library(SOAPY_LIBRARY SoapySDR)
if(SOAPY_INCLUDE AND SOAPY_LIBRARY)
    set(CMAKE_CXX_STANDARD 17)
    set(CMAKE_CXX_EXTENSIONS OFF)
    enable_language(CXX)
    add_library(qwave_soapy_prototypes OBJECT soapy/prototypes.c)
    target_include_directories(qwave_soapy_prototypes PRIVATE "${CMAKE_SOURCE_DIR}/src")
    target_include_directories(qwave_soapy_prototypes SYSTEM PRIVATE ${SOAPY_INCLUDE})
    add_library(qwave_simulated_radio MODULE soapy/simulated_radio.cpp soapy/virtual_air.c soapy/shared_air.c "${CMAKE_SOURCE_DIR}/src/base/prng.c"
        "${CMAKE_SOURCE_DIR}/src/base/error.c" "${CMAKE_SOURCE_DIR}/src/base/bytes.c")
    set_target_properties(qwave_simulated_radio PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/soapy")
    target_include_directories(qwave_simulated_radio PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/tests")
    target_include_directories(qwave_simulated_radio SYSTEM PRIVATE ${SOAPY_INCLUDE})
    target_compile_options(qwave_simulated_radio PRIVATE -fno-sanitize=all)
    target_link_options(qwave_simulated_radio PRIVATE -fno-sanitize=all)
    target_link_libraries(qwave_simulated_radio PRIVATE ${SOAPY_LIBRARY} m)
endif()
