/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_API_AUTHENTICATION_H
#define QW_API_AUTHENTICATION_H

#include "api/card_keys.h"
#include "api/certificate.h"
#include "base/error.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who one is, by a certificate and a quantum key that is used up, neither alone enough [C11]. Bytes
 * and steps: docs/protocol/authentication.md. Nothing in the messages is secret. */
enum {
    QW_AUTH_NONCE_LEN = 16,
    QW_AUTH_CENTRE_CAP = 64, /* with NUL */
    QW_AUTH_CHALLENGE_MAX = 4 + 8 + QW_AUTH_NONCE_LEN + 1 + QW_AUTH_CENTRE_CAP - 1 + 32,
    QW_AUTH_SIGNATURE_MAX = 128,
    QW_AUTH_PROOF_HEAD_LEN = 4 + 16 + 4 + 16 + QW_AUTH_NONCE_LEN + 8 + 32 + 32,
    QW_AUTH_PROOF_MAX = QW_AUTH_PROOF_HEAD_LEN + QW_CERTIFICATE_URI_CAP + 1 +
                        QW_AUTH_CHALLENGE_MAX + 1 + QW_AUTH_SIGNATURE_MAX + 32,
    QW_AUTH_ANSWER_LEN = 4 + 8 + 8 + 32 + 32,
    QW_AUTH_ASK_MAX = 4 + QW_CERTIFICATE_URI_CAP
};

/* Asks for a challenge, where there is only this message to carry: over the air. out holds
 * QW_AUTH_ASK_MAX bytes. QW_ERR_ARG: no name, or too long a one. */
qw_err qw_auth_ask_encode(const char *name, uint8_t *out, size_t *len) QW_MUST_USE;
qw_err qw_auth_ask_read(const uint8_t *data, size_t len,
                        char name[static QW_CERTIFICATE_URI_CAP]) QW_MUST_USE; /* QW_ERR_FORMAT */

struct qw_auth_challenge {
    int64_t time_ms; /* of the centre, UTC */
    uint8_t nonce[QW_AUTH_NONCE_LEN];
    char centre[QW_AUTH_CENTRE_CAP];
};
/* For who calls himself name; key: the centre's own, out holds QW_AUTH_CHALLENGE_MAX bytes. */
qw_err qw_auth_challenge_seal(const struct qw_auth_challenge *challenge, const char *name,
                              const uint8_t key[static 32], uint8_t *out, size_t *len) QW_MUST_USE;
/* Nothing is authenticated. QW_ERR_FORMAT. */
qw_err qw_auth_challenge_read(const uint8_t *data, size_t len,
                              struct qw_auth_challenge *challenge) QW_MUST_USE;
/* Whether the centre itself has made it for that name. QW_ERR_FORMAT, QW_ERR_AUTH. */
qw_err qw_auth_challenge_open(const uint8_t *data, size_t len, const char *name,
                              const uint8_t key[static 32],
                              struct qw_auth_challenge *challenge) QW_MUST_USE;

struct qw_auth_proof {
    uint8_t serial[16]; /* of the card */
    uint32_t epoch;
    uint8_t key_id[16]; /* of the key that is used up */
    uint8_t nonce[QW_AUTH_NONCE_LEN];
    int64_t time_ms;              /* of who proves himself, UTC */
    uint8_t certificate_hash[32]; /* SHA-256 of the DER form */
    uint8_t context[32];          /* of whoever will rely on it; zero: nobody in particular */
    char name[QW_CERTIFICATE_URI_CAP];
    uint8_t challenge[QW_AUTH_CHALLENGE_MAX];
    size_t challenge_len; /* 1..255 */
};
/* Signs with the certificate's private key, then seals under the card's report key and the quantum
 * key. out holds QW_AUTH_PROOF_MAX bytes. QW_ERR_ARG: no name, no challenge, a key of no profile.
 */
qw_err qw_auth_proof_seal(const struct qw_auth_proof *proof, EVP_PKEY *private_key,
                          const uint8_t root[static QW_CARD_ROOT_LEN], uint8_t *out,
                          size_t *len) QW_MUST_USE;
/* Nothing is authenticated yet. QW_ERR_FORMAT. */
qw_err qw_auth_proof_read(const uint8_t *data, size_t len, struct qw_auth_proof *proof) QW_MUST_USE;
/* The two factors of a proof that was read, each for itself. QW_ERR_AUTH. */
qw_err qw_auth_proof_check_signature(const uint8_t *data, size_t len,
                                     EVP_PKEY *public_key) QW_MUST_USE;
qw_err qw_auth_proof_check_key(const uint8_t *data, size_t len,
                               const uint8_t root[static QW_CARD_ROOT_LEN]) QW_MUST_USE;
/* SHA-256 of a proof: what statement and answer name it by. */
qw_err qw_auth_proof_hash(const uint8_t *data, size_t len, uint8_t hash[static 32]) QW_MUST_USE;

struct qw_auth_answer {
    int64_t time_ms, until_ms; /* of the centre: when, and how long the statement stands */
    uint8_t proof_hash[32];
};
/* Only who has the card's key and the quantum key makes it: the centre proves itself too. */
qw_err qw_auth_answer_seal(const struct qw_auth_answer *answer,
                           const uint8_t root[static QW_CARD_ROOT_LEN],
                           uint8_t out[static QW_AUTH_ANSWER_LEN]) QW_MUST_USE;
/* QW_ERR_FORMAT, QW_ERR_AUTH. */
qw_err qw_auth_answer_open(const uint8_t *data, size_t len,
                           const uint8_t root[static QW_CARD_ROOT_LEN],
                           struct qw_auth_answer *answer) QW_MUST_USE;

#endif
