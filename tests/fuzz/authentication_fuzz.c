/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: api */
/* Messages without a key behind them stay shut; what is read has its bounds. */
#include "api/authentication.h"
#include "base/secret.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key[32] = { 1 };
    struct qw_auth_challenge challenge;
    struct qw_auth_proof proof;
    struct qw_auth_answer answer;
    char name[QW_CERTIFICATE_URI_CAP];
    uint8_t ask[QW_AUTH_ASK_MAX];
    size_t len = 0;

    if (qw_auth_answer_open(data, size, key, &answer) == QW_OK ||
        qw_auth_challenge_open(data, size, "name", key, &challenge) == QW_OK) {
        abort();
    }
    if (qw_auth_ask_read(data, size, name) == QW_OK &&
        (qw_auth_ask_encode(name, ask, &len) != QW_OK || len != size ||
         !qw_equal_ct(ask, data, len))) {
        abort();
    }
    if (qw_auth_challenge_read(data, size, &challenge) == QW_OK &&
        strlen(challenge.centre) >= sizeof challenge.centre) {
        abort();
    }
    if (qw_auth_proof_read(data, size, &proof) == QW_OK) {
        if (strlen(proof.name) >= sizeof proof.name || proof.challenge_len == 0 ||
            proof.challenge_len > sizeof proof.challenge ||
            qw_auth_proof_check_key(data, size, key) != QW_ERR_AUTH) {
            abort();
        }
    }
    return 0;
}
