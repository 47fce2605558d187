# Generated headers: model_generated.h plain for the runtime, with the object API for the converter;
# ops_selected.def, the rows of ops.def that PARE_OPS asks for.
set(PARE_GEN ${PROJECT_BINARY_DIR}/gen)
file(MAKE_DIRECTORY ${PARE_GEN}/runtime ${PARE_GEN}/converter)

add_custom_command(OUTPUT ${PARE_GEN}/runtime/model_generated.h
  COMMAND flatbuffers::flatc --cpp --scoped-enums -o ${PARE_GEN}/runtime ${PROJECT_SOURCE_DIR}/schema/model.fbs
  DEPENDS ${PROJECT_SOURCE_DIR}/schema/model.fbs VERBATIM)
add_custom_command(OUTPUT ${PARE_GEN}/converter/model_generated.h
  COMMAND flatbuffers::flatc --cpp --scoped-enums --gen-object-api -o ${PARE_GEN}/converter
          ${PROJECT_SOURCE_DIR}/schema/model.fbs
  DEPENDS ${PROJECT_SOURCE_DIR}/schema/model.fbs VERBATIM)
add_custom_target(pare_schema_headers
  DEPENDS ${PARE_GEN}/runtime/model_generated.h ${PARE_GEN}/converter/model_generated.h)

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schema/ops.def)
file(STRINGS ${PROJECT_SOURCE_DIR}/schema/ops.def rows REGEX "^PARE_OP")
set(selected "")
set(PARE_OP_SOURCES "")
set(known "")
foreach(row IN LISTS rows)
  string(REGEX MATCH "PARE_OP\\(([A-Za-z0-9]+), ([a-z0-9_]+)\\)" matched "${row}")
  list(APPEND known ${CMAKE_MATCH_1})
  if(PARE_OPS STREQUAL "" OR CMAKE_MATCH_1 IN_LIST PARE_OPS)
    string(APPEND selected "${row}\n")
    list(APPEND PARE_OP_SOURCES ${PROJECT_SOURCE_DIR}/runtime/ops/${CMAKE_MATCH_2}.cc)
  endif()
endforeach()
foreach(op IN LISTS PARE_OPS)
  if(NOT op IN_LIST known)
    message(FATAL_ERROR "PARE_OPS names '${op}', which is no operator: `pare inspect --ops MODEL` lists a model's")
  endif()
endforeach()
file(CONFIGURE OUTPUT ${PARE_GEN}/ops_selected.def CONTENT "${selected}" @ONLY)
