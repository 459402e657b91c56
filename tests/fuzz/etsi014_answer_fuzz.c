/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* A key server's answer as an application reads it: whatever it says, nothing but two keys of 16
 * bytes under two ids comes out. */
#include "api/etsi014/client.h"

static const char *answer_text;
static size_t answer_size;

qw_err qw_http_client_call(struct qw_http_client *client, const char *method, const char *path,
                           const char *body, unsigned *status, const char **answer,
                           size_t *answer_len)
{
    (void)client;
    (void)method;
    (void)path;
    (void)body;
    *status = 200;
    *answer = answer_text;
    *answer_len = answer_size;
    return QW_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_etsi014_client_status status;
    uint8_t ids[2][16];
    uint8_t keys[2 * 16];

    answer_text = (const char *)data;
    answer_size = size;
    if (qw_etsi014_client_status(NULL, "bob", &status) == QW_OK) {
        qw_assert(status.max_key_per_request > 0);
    }
    if (qw_etsi014_client_new_keys(NULL, "bob", 2, 16, ids, keys) == QW_OK) {
        qw_assert(qw_etsi014_client_keys_by_id(NULL, "bob", 2, 16, (const uint8_t(*)[16])ids,
                                               keys) == QW_OK);
    }
    return 0;
}
