# SPDX-License-Identifier: Apache-2.0
# The topology files of share/topologies as one table of bytes, so that `qwave network show tokyo` needs no path. Sets
# ${out} to the generated source, which belongs to apps/qwave/network/topology_table.h.
function(qwave_topologies out)
    file(GLOB files CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/share/topologies/*.yaml")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
    set(arrays "")
    set(rows "")
    set(index 0)
    foreach(file IN LISTS files)
        get_filename_component(name ${file} NAME_WE)
        file(READ ${file} hex HEX)
        string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
        string(APPEND arrays "static const unsigned char file_${index}[] = { ${bytes} };\n")
        string(APPEND rows "    { \"${name}\", file_${index}, sizeof file_${index} },\n")
        math(EXPR index "${index} + 1")
    endforeach()
    set(source "${CMAKE_BINARY_DIR}/generated/topology_table.c")
    file(CONFIGURE OUTPUT "${source}" CONTENT "#include \"network/topology_table.h\"\n\n${arrays}\n\
const struct topology_file topology_table[] = {\n${rows}};\nconst size_t topology_table_count = ${index};\n" @ONLY)
    set(${out} "${source}" PARENT_SCOPE)
endfunction()
