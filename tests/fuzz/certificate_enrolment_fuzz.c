/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* What is read has the form that it would have been sealed in; answers without a MAC stay shut. */
#include "api/certificate/enrolment.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = { 1 };
    struct qw_enrolment_answer answer;
    struct qw_enrolment enrolment;
    uint8_t again[QW_ENROLMENT_MAX];
    size_t len = 0;

    (void)!qw_enrolment_answer_read(data, size, &answer);
    if (qw_enrolment_answer_check(data, size, key) == QW_OK) {
        abort();
    }
    if (qw_enrolment_read(data, size, &enrolment) != QW_OK) {
        return 0;
    }
    if (qw_enrolment_seal(&enrolment, key, again, &len) != QW_OK || len != size ||
        qw_enrolment_check(again, len, key) != QW_OK) {
        abort();
    }
    for (size_t i = 0; i < size - 32; i++) {
        if (again[i] != data[i]) {
            abort();
        }
    }
    return 0;
}
