/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* A request target: split, decoded, searched. What was decoded encodes and decodes to itself. */
#include "api/url.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_element(const char *text, size_t len)
{
    char decoded[128];
    char encoded[3 * sizeof decoded];
    char again[sizeof decoded];

    if (qw_url_decode(text, len, decoded, sizeof decoded) != QW_OK) {
        return;
    }
    if (qw_url_encode(decoded, encoded, sizeof encoded) != QW_OK ||
        qw_url_decode(encoded, strlen(encoded), again, sizeof again) != QW_OK ||
        strcmp(decoded, again) != 0) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *target = malloc(size + 1);
    struct qw_url_path path;
    char value[64];

    if (target == NULL) {
        return 0;
    }
    memcpy(target, data, size);
    target[size] = '\0';
    if (qw_url_path_split(target, &path) == QW_OK) {
        for (size_t i = 0; i < path.count; i++) {
            check_element(path.segment[i].text, path.segment[i].len);
        }
    }
    if (qw_url_query_find(target, "key_ID", value, sizeof value) == QW_OK &&
        strlen(value) >= sizeof value) {
        abort();
    }
    check_element(target, size);
    free(target);
    return 0;
}
