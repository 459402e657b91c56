/* SPDX-License-Identifier: Apache-2.0 */
#include "api/psk/connection.h"

#include "api/http_connection_set.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <stdio.h>
#include <string.h>

/* S1. CBC without encrypt-then-MAC leaks by its timing; a PSK without a fresh key exchange lets
 * whoever gets it read all that was ever sent. */
const char qw_psk_priorities[] =
    "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-PSK:+DHE-PSK:-CIPHER-ALL:"
    "+AES-256-GCM:+CHACHA20-POLY1305:+AES-256-CBC:-MAC-ALL:+AEAD:+SHA384:%FORCE_ETM:"
    "%PROFILE_MEDIUM";

/* The id of a PSK as text; false: none can have this one. */
static bool read_id(const gnutls_datum_t *datum, char id[static QW_PSK_ID_CAP])
{
    if (datum->size < 1 || datum->size >= QW_PSK_ID_CAP) {
        return false;
    }
    for (unsigned i = 0; i < datum->size; i++) {
        if (datum->data[i] <= ' ' || datum->data[i] > '~') {
            return false;
        }
    }
    memcpy(id, datum->data, datum->size);
    id[datum->size] = '\0';
    return true;
}

/* S2: whatever is wrong, there is a key, and the handshake fails where a wrong key fails. */
static int give_key(gnutls_session_t session, const gnutls_datum_t *username, gnutls_datum_t *key)
{
    struct qw_http_connection *c = gnutls_session_get_ptr(session);
    const struct qw_psk_keys *keys = c->set->psk->keys;
    struct qw_psk psk = { .name = { 0 } };
    char id[QW_PSK_ID_CAP];
    bool has_id = read_id(username, id);
    bool is_known = has_id && keys->find(keys->self, id, &psk) == QW_OK;

    (void)snprintf(c->identity.text, sizeof c->identity.text, "%s", has_id ? id : "?");
    if (!is_known && qw_random_bytes(psk.key, sizeof psk.key) != QW_OK) {
        return -1;
    }
    key->data = gnutls_malloc(sizeof psk.key); /* wiped by the library when it frees it */
    if (key->data == NULL) {
        qw_wipe(&psk, sizeof psk);
        return -1;
    }
    key->size = sizeof psk.key;
    memcpy(key->data, psk.key, sizeof psk.key);
    memcpy(c->identity.hash, psk.name, sizeof psk.name);
    qw_wipe(&psk, sizeof psk);
    return 0;
}

qw_err qw_psk_gate_open(struct qw_psk_gate *gate, const struct qw_psk_keys *keys)
{
    gnutls_psk_server_credentials_t credentials;

    if (gnutls_psk_allocate_server_credentials(&credentials) != 0) {
        return QW_ERR_NOMEM;
    }
    gnutls_psk_set_server_credentials_function2(credentials, give_key);
    /* For clients of TLS 1.2 that name no group of RFC 7919. */
    if (gnutls_psk_set_server_known_dh_params(credentials, GNUTLS_SEC_PARAM_HIGH) != 0) {
        gnutls_psk_free_server_credentials(credentials);
        return QW_ERR_NOMEM;
    }
    *gate = (struct qw_psk_gate){ .keys = keys, .credentials = credentials };
    return QW_OK;
}

void qw_psk_gate_close(struct qw_psk_gate *gate)
{
    if (gate->credentials != NULL) {
        gnutls_psk_free_server_credentials(gate->credentials);
    }
    *gate = (struct qw_psk_gate){ .keys = NULL };
}

void qw_psk_connection_prepare(struct qw_http_connection *c, gnutls_session_t session)
{
    (void)gnutls_credentials_set(session, GNUTLS_CRD_PSK, c->set->psk->credentials);
}

/* Whether the key with this name is still that of the id. */
static qw_err ask(const struct qw_psk_keys *keys, const char *id, const uint8_t name[static 32])
{
    struct qw_psk psk;
    qw_err err = keys->find(keys->self, id, &psk);

    if (err == QW_OK && !qw_equal_ct(psk.name, name, sizeof psk.name)) {
        err = QW_ERR_NOT_FOUND;
    }
    qw_wipe(&psk, sizeof psk);
    return err == QW_ERR_NOT_FOUND ? QW_ERR_AUTH : err;
}

const char *qw_psk_connection_identify(struct qw_http_connection *c, gnutls_session_t session)
{
    const struct qw_psk_keys *keys = c->set->psk->keys;
    uint64_t changes = keys->changes(keys->self); /* before the look, so that none is missed */
    gnutls_datum_t username = { NULL, 0 };
    char id[QW_PSK_ID_CAP];
    int len;

    if (gnutls_session_is_resumed(session) != 0 || /* S6: no ticket is ours */
        gnutls_auth_get_type(session) != GNUTLS_CRD_PSK ||
        gnutls_psk_server_get_username2(session, &username) != 0 || !read_id(&username, id)) {
        return "no proof of a pre-shared key";
    }
    if (ask(keys, id, c->identity.hash) != QW_OK) {
        return "pre-shared key revoked";
    }
    if (keys->note(keys->self, id, c->identity.hash, c->address) != QW_OK) {
        return "its use cannot be journalled";
    }
    len = snprintf(c->identity.text, sizeof c->identity.text, "%s%s", keys->prefix, id);
    if (len < 0 || len >= (int)sizeof c->identity.text) {
        return "identity too long";
    }
    c->identity.not_after_ms = INT64_MAX;
    c->psk_changes = changes;
    return NULL;
}

/* The id of the PSK inside a verified connection's identity. */
static const char *id_of(const struct qw_http_connection *c)
{
    return c->identity.text + strlen(c->set->psk->keys->prefix);
}

qw_err qw_psk_connection_check(struct qw_http_connection *c)
{
    const struct qw_psk_keys *keys = c->set->psk->keys;
    uint64_t changes = keys->changes(keys->self);
    bool is_known;
    qw_err err;

    pthread_mutex_lock(&c->set->lock);
    is_known = c->psk_changes >= changes && !c->is_void;
    pthread_mutex_unlock(&c->set->lock);
    if (is_known) {
        return QW_OK;
    }
    err = ask(keys, id_of(c), c->identity.hash);
    pthread_mutex_lock(&c->set->lock);
    if (c->is_void) {
        err = QW_ERR_AUTH;
    } else if (err == QW_OK && c->psk_changes < changes) {
        c->psk_changes = changes;
    }
    pthread_mutex_unlock(&c->set->lock);
    return err;
}

/* One that was not looked at since the registry changed; NULL: none. */
static const struct qw_http_connection *find_unsure(const struct qw_http_connection_set *set,
                                                    uint64_t changes)
{
    const struct qw_http_connection *c = set->first;

    while (c != NULL && (!c->is_verified || c->is_void || c->psk_changes >= changes)) {
        c = c->next;
    }
    return c;
}

/* Connections come and go while the lock is away: what was found out is true of a key, not of a
 * place in the list. A store that cannot be read is asked again the next time. */
void qw_psk_connections_cut_revoked(struct qw_http_connection_set *set)
{
    const struct qw_psk_keys *keys = set->psk->keys;
    uint64_t changes = keys->changes(keys->self);
    const struct qw_http_connection *unsure;
    qw_err err = QW_OK;

    while ((err == QW_OK || err == QW_ERR_AUTH) && (unsure = find_unsure(set, changes)) != NULL) {
        struct qw_certificate_identity identity = unsure->identity;

        pthread_mutex_unlock(&set->lock);
        err = ask(keys, identity.text + strlen(keys->prefix), identity.hash);
        pthread_mutex_lock(&set->lock);
        for (struct qw_http_connection *c = set->first; c != NULL; c = c->next) {
            if (!c->is_verified || c->is_void ||
                !qw_equal_ct(c->identity.hash, identity.hash, sizeof identity.hash)) {
                continue;
            }
            if (err == QW_OK && c->psk_changes < changes) {
                c->psk_changes = changes;
            } else if (err == QW_ERR_AUTH) {
                c->is_void = true;
                qw_http_connection_cut(c, QW_LOG_WARNING, "pre-shared key revoked");
            }
        }
    }
}
