/* SPDX-License-Identifier: Apache-2.0 */
#include "api/authentication.h"

#include "api/card_keys.h"
#include "api/certificate/profile.h"
#include "base/bytes.h"
#include "base/secret.h"
#include "crypto/hash.h"

#include <string.h>

enum {
    CHALLENGE_MAGIC = 0x51574901, /* "QWI", version 1 */
    PROOF_MAGIC = 0x51574e01,     /* "QWN", version 1 */
    ANSWER_MAGIC = 0x51575601,    /* "QWV", version 1 */
    ASK_MAGIC = 0x51575101,       /* "QWQ", version 1 */
    MAC_LEN = 32,
    SIGNED_MAX = QW_AUTH_PROOF_MAX + 32
};
static const char challenge_label[] = "qwave authentication challenge";
static const char signature_label[] = "qwave authentication signature";
static const char proof_label[] = "qwave authentication proof";
static const char answer_label[] = "qwave authentication answer";

static qw_err compare(const uint8_t right[static MAC_LEN], const uint8_t *given)
{
    return qw_equal_ct(right, given, MAC_LEN) ? QW_OK : QW_ERR_AUTH;
}

qw_err qw_auth_ask_encode(const char *name, uint8_t *out, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_AUTH_ASK_MAX);

    if (name[0] == '\0' || strlen(name) >= QW_CERTIFICATE_URI_CAP) {
        return QW_ERR_ARG;
    }
    qw_write_u32be(&w, ASK_MAGIC);
    qw_write_string8(&w, name);
    qw_assert(!w.failed);
    *len = w.len;
    return QW_OK;
}

qw_err qw_auth_ask_read(const uint8_t *data, size_t len, char name[static QW_CERTIFICATE_URI_CAP])
{
    struct qw_reader r = qw_reader_on(data, len);
    bool ok = qw_read_u32be(&r) == ASK_MAGIC;
    char read[QW_CERTIFICATE_URI_CAP] = "";

    qw_read_string8(&r, read, sizeof read);
    if (!ok || !qw_reader_done(&r) || read[0] == '\0') {
        return QW_ERR_FORMAT;
    }
    memcpy(name, read, strlen(read) + 1);
    return QW_OK;
}

static qw_err mac_of_challenge(const uint8_t *data, size_t len, const char *name,
                               const uint8_t key[static 32], uint8_t mac[static MAC_LEN])
{
    struct qw_bytes parts[] = { { challenge_label, sizeof challenge_label },
                                { data, len },
                                { name, strlen(name) } };

    return qw_hmac(QW_HASH_SHA256, key, 32, parts, 3, mac);
}

qw_err qw_auth_challenge_seal(const struct qw_auth_challenge *challenge, const char *name,
                              const uint8_t key[static 32], uint8_t *out, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_AUTH_CHALLENGE_MAX);
    uint8_t mac[MAC_LEN];
    qw_err err;

    qw_write_u32be(&w, CHALLENGE_MAGIC);
    qw_write_u64be(&w, (uint64_t)challenge->time_ms);
    qw_write_bytes(&w, challenge->nonce, sizeof challenge->nonce);
    qw_write_string8(&w, challenge->centre);
    qw_assert(!w.failed); /* one text with a bound */
    err = mac_of_challenge(out, w.len, name, key, mac);
    if (err == QW_OK) {
        qw_write_bytes(&w, mac, sizeof mac);
        *len = w.len;
    }
    return err;
}

qw_err qw_auth_challenge_read(const uint8_t *data, size_t len, struct qw_auth_challenge *out)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_auth_challenge c = { .centre = "" };
    bool ok = qw_read_u32be(&r) == CHALLENGE_MAGIC;

    c.time_ms = (int64_t)qw_read_u64be(&r);
    qw_read_bytes(&r, c.nonce, sizeof c.nonce);
    qw_read_string8(&r, c.centre, sizeof c.centre);
    (void)qw_read_view(&r, MAC_LEN);
    if (!ok || !qw_reader_done(&r) || c.time_ms < 0 || c.centre[0] == '\0') {
        return QW_ERR_FORMAT;
    }
    *out = c;
    return QW_OK;
}

qw_err qw_auth_challenge_open(const uint8_t *data, size_t len, const char *name,
                              const uint8_t key[static 32], struct qw_auth_challenge *out)
{
    struct qw_auth_challenge c;
    uint8_t mac[MAC_LEN];
    qw_err err = qw_auth_challenge_read(data, len, &c);

    if (err == QW_OK) {
        err = mac_of_challenge(data, len - MAC_LEN, name, key, mac);
    }
    if (err == QW_OK) {
        err = compare(mac, data + len - MAC_LEN);
    }
    if (err == QW_OK) {
        *out = c;
    }
    return err;
}

/* Under the hash of the certificate, so a MAC is for one certificate. */
static qw_err derive(const char *label, const uint8_t certificate_hash[static 32],
                     const uint8_t root[static 32], uint8_t mixed[static 32])
{
    uint8_t info[sizeof proof_label + 32 + 8];
    struct qw_writer w = qw_writer_on(info, sizeof info);

    qw_write_bytes(&w, label, strlen(label));
    qw_write_bytes(&w, certificate_hash, 32);
    qw_assert(!w.failed);
    return qw_card_root_expand(root, info, w.len, mixed);
}

static qw_err mac_under_both(const char *label, const uint8_t *data, size_t len,
                             const uint8_t binding[static 32], const uint8_t root[static 32],
                             uint8_t mac[static MAC_LEN])
{
    struct qw_bytes part = { data, len };
    uint8_t mixed[32];
    qw_err err = derive(label, binding, root, mixed);

    if (err == QW_OK) {
        err = qw_hmac(QW_HASH_SHA256, mixed, sizeof mixed, &part, 1, mac);
    }
    qw_wipe(mixed, sizeof mixed);
    return err;
}

/* What is signed: a label that no other signature of this project has, and the transcript. */
static size_t write_signed(const uint8_t *transcript, size_t len, uint8_t out[static SIGNED_MAX])
{
    struct qw_writer w = qw_writer_on(out, SIGNED_MAX);

    qw_write_bytes(&w, signature_label, sizeof signature_label); /* with its NUL */
    qw_write_bytes(&w, transcript, len);
    qw_assert(!w.failed);
    return w.len;
}

static qw_err sign(EVP_PKEY *key, const uint8_t *transcript, size_t len, uint8_t *out,
                   size_t *out_len)
{
    enum qw_certificate_profile profile = qw_certificate_profile_of(key);
    uint8_t text[SIGNED_MAX];
    size_t text_len = write_signed(transcript, len, text);
    EVP_MD_CTX *signing;
    bool ok;

    if (profile == QW_CERTIFICATE_PROFILE_COUNT) {
        return QW_ERR_ARG;
    }
    signing = qw_certificate_signing_new(profile, key);
    *out_len = QW_AUTH_SIGNATURE_MAX;
    ok = signing != NULL && EVP_DigestSign(signing, out, out_len, text, text_len) == 1;
    qw_certificate_signing_free(signing);
    return ok ? QW_OK : QW_ERR_NOMEM;
}

qw_err qw_auth_proof_seal(const struct qw_auth_proof *proof, EVP_PKEY *private_key,
                          const uint8_t root[static 32], uint8_t *out, size_t *len)
{
    struct qw_writer w = qw_writer_on(out, QW_AUTH_PROOF_MAX);
    uint8_t signature[QW_AUTH_SIGNATURE_MAX];
    uint8_t mac[MAC_LEN];
    size_t signature_len = 0;
    qw_err err;

    if (proof->name[0] == '\0' || proof->challenge_len == 0 ||
        proof->challenge_len > sizeof proof->challenge) {
        return QW_ERR_ARG;
    }
    qw_write_u32be(&w, PROOF_MAGIC);
    qw_write_bytes(&w, proof->serial, sizeof proof->serial);
    qw_write_u32be(&w, proof->epoch);
    qw_write_bytes(&w, proof->key_id, sizeof proof->key_id);
    qw_write_bytes(&w, proof->nonce, sizeof proof->nonce);
    qw_write_u64be(&w, (uint64_t)proof->time_ms);
    qw_write_bytes(&w, proof->certificate_hash, sizeof proof->certificate_hash);
    qw_write_bytes(&w, proof->context, sizeof proof->context);
    qw_write_string8(&w, proof->name);
    qw_write_u8(&w, (uint8_t)proof->challenge_len);
    qw_write_bytes(&w, proof->challenge, proof->challenge_len);
    qw_assert(!w.failed); /* all have bounds */
    err = sign(private_key, out, w.len, signature, &signature_len);
    if (err == QW_OK) {
        qw_write_u8(&w, (uint8_t)signature_len);
        qw_write_bytes(&w, signature, signature_len);
        err = mac_under_both(proof_label, out, w.len, proof->certificate_hash, root, mac);
    }
    if (err == QW_OK) {
        qw_write_bytes(&w, mac, sizeof mac);
        *len = w.len;
    }
    return err;
}

struct layout {        /* of a proof that has the form of one */
    size_t signed_len; /* bytes that are signed */
    const uint8_t *signature;
    size_t signature_len;
    const uint8_t *mac;
};

static qw_err take_apart(const uint8_t *data, size_t len, struct qw_auth_proof *out,
                         struct layout *layout)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_auth_proof p = { .name = "" };
    struct layout found;
    bool ok = qw_read_u32be(&r) == PROOF_MAGIC;

    qw_read_bytes(&r, p.serial, sizeof p.serial);
    p.epoch = qw_read_u32be(&r);
    qw_read_bytes(&r, p.key_id, sizeof p.key_id);
    qw_read_bytes(&r, p.nonce, sizeof p.nonce);
    p.time_ms = (int64_t)qw_read_u64be(&r);
    qw_read_bytes(&r, p.certificate_hash, sizeof p.certificate_hash);
    qw_read_bytes(&r, p.context, sizeof p.context);
    qw_read_string8(&r, p.name, sizeof p.name);
    p.challenge_len = qw_read_u8(&r);
    if (!ok || p.time_ms < 0 || p.name[0] == '\0' || p.challenge_len == 0 ||
        p.challenge_len > sizeof p.challenge) {
        return QW_ERR_FORMAT;
    }
    qw_read_bytes(&r, p.challenge, p.challenge_len);
    found.signed_len = r.at;
    found.signature_len = qw_read_u8(&r);
    if (found.signature_len == 0 || found.signature_len > QW_AUTH_SIGNATURE_MAX) {
        return QW_ERR_FORMAT;
    }
    found.signature = qw_read_view(&r, found.signature_len);
    found.mac = qw_read_view(&r, MAC_LEN);
    if (!qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    *out = p;
    *layout = found;
    return QW_OK;
}

qw_err qw_auth_proof_read(const uint8_t *data, size_t len, struct qw_auth_proof *proof)
{
    struct layout layout;

    return take_apart(data, len, proof, &layout);
}

qw_err qw_auth_proof_check_signature(const uint8_t *data, size_t len, EVP_PKEY *public_key)
{
    uint8_t text[SIGNED_MAX];
    struct qw_auth_proof proof;
    struct layout layout;
    qw_err err = take_apart(data, len, &proof, &layout);
    size_t text_len;

    if (err != QW_OK) {
        return err;
    }
    text_len = write_signed(data, layout.signed_len, text);
    return qw_certificate_check(public_key, text, text_len, layout.signature, layout.signature_len)
               ? QW_OK
               : QW_ERR_AUTH;
}

qw_err qw_auth_proof_check_key(const uint8_t *data, size_t len, const uint8_t root[static 32])
{
    struct qw_auth_proof proof;
    struct layout layout;
    uint8_t mac[MAC_LEN];
    qw_err err = take_apart(data, len, &proof, &layout);

    if (err == QW_OK) {
        err = mac_under_both(proof_label, data, len - MAC_LEN, proof.certificate_hash, root, mac);
    }
    if (err == QW_OK) {
        err = compare(mac, layout.mac);
    }
    qw_wipe(mac, sizeof mac);
    return err;
}

qw_err qw_auth_proof_hash(const uint8_t *data, size_t len, uint8_t hash[static 32])
{
    struct qw_bytes part = { data, len };

    return qw_hash_of(QW_HASH_SHA256, &part, 1, hash);
}

qw_err qw_auth_answer_seal(const struct qw_auth_answer *answer, const uint8_t root[static 32],
                           uint8_t out[static QW_AUTH_ANSWER_LEN])
{
    struct qw_writer w = qw_writer_on(out, QW_AUTH_ANSWER_LEN);
    uint8_t mac[MAC_LEN];
    qw_err err;

    qw_write_u32be(&w, ANSWER_MAGIC);
    qw_write_u64be(&w, (uint64_t)answer->time_ms);
    qw_write_u64be(&w, (uint64_t)answer->until_ms);
    qw_write_bytes(&w, answer->proof_hash, sizeof answer->proof_hash);
    err = mac_under_both(answer_label, out, w.len, answer->proof_hash, root, mac);
    if (err == QW_OK) {
        qw_write_bytes(&w, mac, sizeof mac);
        qw_assert(!w.failed && w.len == QW_AUTH_ANSWER_LEN);
    }
    return err;
}

qw_err qw_auth_answer_open(const uint8_t *data, size_t len, const uint8_t root[static 32],
                           struct qw_auth_answer *out)
{
    struct qw_reader r = qw_reader_on(data, len);
    struct qw_auth_answer a = { .time_ms = 0 };
    bool ok = qw_read_u32be(&r) == ANSWER_MAGIC;
    uint8_t mac[MAC_LEN];
    qw_err err;

    a.time_ms = (int64_t)qw_read_u64be(&r);
    a.until_ms = (int64_t)qw_read_u64be(&r);
    qw_read_bytes(&r, a.proof_hash, sizeof a.proof_hash);
    (void)qw_read_view(&r, MAC_LEN);
    if (!ok || !qw_reader_done(&r)) {
        return QW_ERR_FORMAT;
    }
    err = mac_under_both(answer_label, data, len - MAC_LEN, a.proof_hash, root, mac);
    if (err == QW_OK) {
        err = compare(mac, data + len - MAC_LEN);
    }
    qw_wipe(mac, sizeof mac);
    if (err == QW_OK) {
        *out = a;
    }
    return err;
}
