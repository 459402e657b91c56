/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: link */
/* Any text as a log: what comes out of it can be keyed, or it is said why not. */
#include "link/prove/evidence.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct qw_charon_log *log)
{
    size_t ike_count = 0;
    size_t count = 0;
    const struct qw_charon_ike *ike = qw_charon_log_ikes(log, &ike_count);
    const struct qw_charon_child *child = qw_charon_log_children(log, &count);

    for (size_t i = 0; i < ike_count; i++) {
        qw_assert(ike[i].sk_d_len <= QW_IPSEC_PRF_LEN_MAX);
        qw_assert(!ike[i].is_rekeyed || ike[i].parent < i);
        qw_assert((ike[i].secret == NULL) == (ike[i].secret_len == 0));
    }
    for (size_t i = 0; i < count; i++) {
        qw_assert(child[i].ike < ike_count && child[i].seed != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct qw_charon_log *log = NULL;
    struct qw_key_list *keys = NULL;
    struct qw_ike_exchanges *exchanges = NULL;
    struct qw_evidence *evidence = NULL;
    qw_err err = qw_charon_log_new(&log);

    for (size_t at = 0; err == QW_OK && at < size; at++) {
        char line[QW_CHARON_LINE_CAP] = { 0 };
        const uint8_t *end = memchr(data + at, '\n', size - at);
        size_t len = end == NULL ? size - at : (size_t)(end - data) - at;

        memcpy(line, data + at, len < sizeof line ? len : sizeof line - 1);
        err = qw_charon_log_line(log, line);
        at += len;
    }
    if (err == QW_OK && qw_key_list_new(&keys) == QW_OK &&
        qw_ike_exchanges_new(&exchanges) == QW_OK) {
        check(log);
        qw_assert(qw_evidence_new(log, keys, exchanges, &evidence) == QW_OK);
        qw_assert(!qw_evidence_report(evidence).is_proved);
    }
    qw_evidence_free(evidence);
    qw_ike_exchanges_free(exchanges);
    qw_key_list_free(keys);
    qw_charon_log_free(log);
    return 0;
}
