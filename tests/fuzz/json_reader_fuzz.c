/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Every text is refused, or opened and asked for members of every type. */
#include "api/json_reader.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_json_reader r;
    const struct qw_json_node *object;
    const struct qw_json_node *array;
    char text[16];
    uint8_t bytes[16];
    uint64_t number;
    double real;
    bool flag;
    size_t len = 0;
    qw_err err = qw_json_open(data, size, &r);

    if (err != QW_OK) {
        if (err != QW_ERR_FORMAT) {
            abort(); /* scan and parser disagree */
        }
        return 0;
    }
    object = qw_json_root_object(&r);
    qw_json_get_text(&r, object, "text", text, 0, sizeof text);
    qw_json_get_uint(&r, object, "number", 0, UINT64_MAX, &number);
    qw_json_get_real(&r, object, "real", &real);
    qw_json_get_bool(&r, object, "flag", &flag);
    qw_json_get_base64(&r, object, "blob", bytes, 0, sizeof bytes, &len);
    qw_json_get_hex(&r, object, "hex", bytes, sizeof bytes);
    qw_json_get_uuid(&r, object, "id", bytes);
    array = qw_json_get_array(&r, object, "list", 0, 4, &len);
    qw_json_get_uuid(&r, qw_json_item(array, 0), "id", bytes);
    qw_json_close(&r);
    return 0;
}
