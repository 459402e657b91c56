/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Key ids: the query up to the first newline, the body behind it. What is taken is 1 to 128 ids and
 * none twice. */
#include "api/etsi014/key_ids.h"

#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_etsi014_key_ids ids;
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t query_len = end == NULL ? 0 : (size_t)(end - data);
    char *query = malloc(query_len + 1);
    struct qw_etsi014_text text = { .query = query, .content_type = "application/json" };

    if (query == NULL) {
        return 0;
    }
    if (query_len > 0) {
        memcpy(query, data, query_len);
    }
    query[query_len] = '\0';
    text.body = end == NULL ? data : end + 1;
    text.body_len = end == NULL ? size : size - query_len - 1;
    if (qw_etsi014_key_ids_decode(&text, &ids) == QW_ETSI014_NONE) {
        if (ids.count < 1 || ids.count > QW_ETSI014_IDS_MAX) {
            abort();
        }
        for (size_t i = 0; i < ids.count; i++) {
            for (size_t k = 0; k < i; k++) {
                if (qw_equal_ct(ids.id[i], ids.id[k], sizeof ids.id[i])) {
                    abort();
                }
            }
        }
    }
    free(query);
    return 0;
}
