# postroom_catalogues(TARGET code…): po/CODE.po becomes a catalogue that lies whole in the program, so that one file is
# the program. The assembler takes the bytes in; ccache sees .incbin, and does not keep what it can't judge.
find_program(MSGFMT msgfmt REQUIRED)

function(postroom_catalogues target)
    set(bytes "")
    set(names "")
    set(list "")
    set(files "")
    foreach(code ${ARGN})
        string(REPLACE "_" "-" tag ${code})
        set(po ${CMAKE_SOURCE_DIR}/po/${code}.po)
        set(mo ${CMAKE_BINARY_DIR}/po/${code}.mo)
        add_custom_command(OUTPUT ${mo} DEPENDS ${po}
            COMMAND ${CMAKE_COMMAND} -E make_directory ${CMAKE_BINARY_DIR}/po
            COMMAND ${MSGFMT} --check-format --check-header -o ${mo} ${po})
        list(APPEND files ${mo})
        string(APPEND bytes "    \"po_${code}: .incbin \\\"${mo}\\\"\\npo_${code}_end:\\n\"\n")
        string(APPEND names "extern char const po_${code}[], po_${code}_end[];\n")
        string(APPEND list "        {\"${tag}\", {po_${code}, po_${code}_end}},\n")
    endforeach()
    configure_file(cmake/catalogues.cpp.in ${CMAKE_BINARY_DIR}/catalogues.cpp @ONLY)
    set_source_files_properties(${CMAKE_BINARY_DIR}/catalogues.cpp PROPERTIES OBJECT_DEPENDS "${files}")
    target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/catalogues.cpp)
endfunction()
