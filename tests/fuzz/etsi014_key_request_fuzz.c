/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* A Key request: the query up to the first newline, the body behind it. What is taken is in range.
 */
#include "api/etsi014/key_request.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct qw_etsi014_key_request *request,
                  const struct qw_etsi014_limits *limits)
{
    if (request->number < 1 || request->number > limits->keys_max ||
        request->size < limits->bits_min || request->size > limits->bits_max ||
        request->size % 8 != 0 || request->slave_count > limits->slaves_max) {
        abort();
    }
    for (size_t i = 0; i < request->slave_count; i++) {
        if (memchr(request->slaves[i], '\0', sizeof request->slaves[i]) == NULL ||
            request->slaves[i][0] == '\0') {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct qw_etsi014_limits limits = {
        .keys_max = 128, .bits_min = 24, .bits_standard = 256, .bits_max = 4096, .slaves_max = 8
    };
    struct qw_etsi014_key_request request;
    char unsupported[QW_ETSI014_NAME_CAP] = "";
    const uint8_t *end = size == 0 ? NULL : memchr(data, '\n', size);
    size_t query_len = end == NULL ? 0 : (size_t)(end - data);
    char *query = malloc(query_len + 1);
    struct qw_etsi014_text text = { .query = query, .content_type = "" };
    enum qw_etsi014_fault fault;

    if (query == NULL) {
        return 0;
    }
    if (query_len > 0) {
        memcpy(query, data, query_len);
    }
    query[query_len] = '\0';
    text.body = end == NULL ? data : end + 1;
    text.body_len = end == NULL ? size : size - query_len - 1;
    fault = qw_etsi014_key_request_decode(&text, &limits, &request, unsupported);
    if (fault == QW_ETSI014_NONE) {
        check(&request, &limits);
    }
    for (const char *c = unsupported; *c != '\0'; c++) {
        if (*c < ' ' || *c > '~') {
            abort();
        }
    }
    free(query);
    return 0;
}
