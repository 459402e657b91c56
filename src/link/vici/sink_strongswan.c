/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vici/sink_strongswan.h"

#include "base/hex.h"
#include "base/secret.h"
#include "link/vici/strongswan_sas.h"
#include "link/vici/vici_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_CAP = 512, NUMBER_CAP = 12, END_MS = 1000 };

struct strongswan { /* in secret memory */
    char socket_path[QW_VICI_PATH_CAP];
    char name[QW_SWANCTL_NAME_CAP];
    struct qw_swanctl_connection *connection; /* owned */
    bool is_initiator;
    int timeout_ms, initiate_ms;
    struct qw_packet_hold *hold; /* owned; NULL: none */
    int64_t (*now_ms)(void);
    const struct qw_log *log;
    struct qw_link_key current; /* what is in use */
    bool has_current;
    struct qw_strongswan_tally tally; /* of what is in use */
    int64_t missed_ms;                /* since when there is no IKE_SA under it; -1: there is one */
    struct qw_vici_client client;
    uint8_t words[WORDS_CAP]; /* a command's elements */
    struct qw_strongswan_sas sas;
    struct qw_strongswan_names names;
};

static void name_of(const struct strongswan *w, const struct qw_link_key *key,
                    char name[static QW_STRONGSWAN_NAME_CAP])
{
    char id[QW_UUID_TEXT_CAP];

    qw_uuid_encode(key->id, id);
    (void)snprintf(name, QW_STRONGSWAN_NAME_CAP, "%s.%s", w->name, id);
}

/* The connection's name in this end's daemon while key is in use. */
static void connection_name(const struct strongswan *w, const struct qw_link_key *key,
                            char name[static QW_STRONGSWAN_NAME_CAP])
{
    if (w->is_initiator) {
        name_of(w, key, name);
    } else {
        (void)snprintf(name, QW_STRONGSWAN_NAME_CAP, "%s", w->name);
    }
}

/* One command whose elements are in w->body; more_ms that it may take longer. What the daemon
 * refuses is said. */
static qw_err command(struct strongswan *w, const char *name, const struct qw_writer *elements,
                      int more_ms)
{
    const struct qw_vici_call call = {
        .command = name, .body = elements->data, .len = elements->len, .more_ms = more_ms
    };
    qw_err err = elements->failed ? QW_ERR_SPACE : qw_vici_do(&w->client, &call);

    qw_wipe(elements->data, elements->len);
    if (err == QW_ERR_REFUSED) {
        qw_log_write(w->log, QW_LOG_WARNING, "strongSwan: %s of %s: %s", name, w->name,
                     w->client.said);
    }
    return err;
}

static qw_err load_key(struct strongswan *w, const struct qw_link_key *key)
{
    struct qw_writer elements = qw_writer_on(w->words, sizeof w->words);
    char name[QW_STRONGSWAN_NAME_CAP], id[QW_UUID_TEXT_CAP];

    name_of(w, key, name);
    qw_uuid_encode(key->id, id);
    qw_vici_text(&elements, "id", name);
    qw_vici_text(&elements, "type", "PPK");
    qw_vici_value(&elements, "data", key->bytes, sizeof key->bytes);
    qw_vici_list(&elements, "owners");
    qw_vici_item(&elements, id, strlen(id));
    qw_vici_list_end(&elements);
    return command(w, "load-shared", &elements, 0);
}

static qw_err load_connection(struct strongswan *w, const struct qw_link_key *key)
{
    size_t cap = w->connection->len + WORDS_CAP;
    uint8_t *body = calloc(1, cap);
    struct qw_writer elements = qw_writer_on(body, cap);
    char name[QW_STRONGSWAN_NAME_CAP], id[QW_UUID_TEXT_CAP];
    qw_err err;

    if (body == NULL) {
        return QW_ERR_NOMEM;
    }
    connection_name(w, key, name);
    qw_uuid_encode(key->id, id);
    qw_vici_section(&elements, name);
    qw_write_bytes(&elements, w->connection->body, w->connection->len);
    qw_vici_text(&elements, "unique", "never");
    if (w->is_initiator) { /* a responder that names a key takes no other */
        qw_vici_text(&elements, "ppk_id", id);
    }
    qw_vici_section_end(&elements);
    err = command(w, "load-conn", &elements, 0);
    free(body);
    return err;
}

static qw_err load(struct strongswan *w, const struct qw_link_key *key)
{
    qw_err err = load_key(w, key);

    return err == QW_OK ? load_connection(w, key) : err;
}

static bool is_same_id(const struct qw_link_key *a, const struct qw_link_key *b)
{
    return qw_equal_ct(a->id, b->id, sizeof a->id);
}

/* Is there an IKE_SA that works under the key (at the responder: under a key)? */
static qw_err look_for_tunnel(struct strongswan *w, const struct qw_link_key *key, bool *is_there)
{
    char name[QW_STRONGSWAN_NAME_CAP];
    bool is = false;
    qw_err err;

    connection_name(w, key, name);
    w->sas.tally = w->has_current && is_same_id(key, &w->current) ? &w->tally : NULL;
    err = qw_strongswan_sas_list(&w->client, w->name, w->connection, name, &w->sas);
    w->sas.tally = NULL;
    for (size_t i = 0; err == QW_OK && i < w->sas.count; i++) {
        is = is || w->sas.sas[i].is_working;
    }
    if (err == QW_OK) {
        *is_there = is;
    }
    return err;
}

/* Begins an IKE_SA with all its children. wait: until it is there, or refused. */
static qw_err initiate(struct strongswan *w, const struct qw_link_key *key, bool wait)
{
    char name[QW_STRONGSWAN_NAME_CAP], timeout[NUMBER_CAP];
    qw_err err = QW_OK;

    name_of(w, key, name);
    (void)snprintf(timeout, sizeof timeout, "%d", wait ? w->initiate_ms : -1);
    for (size_t i = 0; err == QW_OK && i < w->connection->child_count; i++) {
        struct qw_writer elements = qw_writer_on(w->words, sizeof w->words);

        qw_vici_text(&elements, "ike", name);
        qw_vici_text(&elements, "child", w->connection->children[i]);
        qw_vici_text(&elements, "timeout", timeout);
        err = command(w, "initiate", &elements, wait ? w->initiate_ms : 0);
    }
    return err;
}

static qw_err make_tunnel(struct strongswan *w, const struct qw_link_key *key)
{
    bool is_there = false;
    qw_err err = look_for_tunnel(w, key, &is_there);

    if (err != QW_OK || is_there) {
        return err;
    }
    err = initiate(w, key, true);
    if (err == QW_OK) {
        err = look_for_tunnel(w, key, &is_there);
    }
    return err == QW_OK && !is_there ? QW_ERR_REFUSED : err;
}

/* A command on one thing that may be gone already. */
static qw_err remove_one(struct strongswan *w, const char *what, const char *by, const char *name)
{
    struct qw_writer elements = qw_writer_on(w->words, sizeof w->words);
    struct qw_vici_call call = { .command = what, .body = w->words, .more_ms = END_MS };
    qw_err err;

    qw_vici_text(&elements, by, name);
    if (strcmp(what, "terminate") == 0) { /* tells the peer, and does not wait for it for ever */
        qw_vici_text(&elements, "force", "yes");
        qw_vici_text(&elements, "timeout", "1000");
    }
    qw_assert(!elements.failed);
    call.len = elements.len;
    err = qw_vici_do(&w->client, &call);
    return err == QW_ERR_REFUSED ? QW_OK : err;
}

/* All names of one kind but keep (NULL: all). */
static qw_err remove_names(struct strongswan *w, const char *list, const char *what, const char *by,
                           const char *keep)
{
    qw_err err = qw_strongswan_names_list(&w->client, list, w->name, &w->names);

    for (size_t i = 0; err == QW_OK && i < w->names.count; i++) {
        const char *name = w->names.names[i];

        /* The section under its own name is the user's. */
        if (strcmp(name, w->name) != 0 && (keep == NULL || strcmp(name, keep) != 0)) {
            err = remove_one(w, what, by, name);
        }
    }
    return err;
}

/* Ends the connection's IKE_SAs but those of that name (NULL: all). */
static qw_err end_tunnels(struct strongswan *w, const char *keep)
{
    qw_err err = qw_strongswan_sas_list(&w->client, w->name, w->connection, NULL, &w->sas);

    for (size_t i = 0; err == QW_OK && i < w->sas.count; i++) {
        if (keep == NULL || strcmp(w->sas.sas[i].name, keep) != 0) {
            err = remove_one(w, "terminate", "ike-id", w->sas.sas[i].unique_id);
        }
    }
    return err;
}

/* Only what belongs to the key stays; NULL: nothing. */
static qw_err clear(struct strongswan *w, const struct qw_link_key *key)
{
    char name[QW_STRONGSWAN_NAME_CAP] = "";
    const char *keep = key == NULL ? NULL : name;
    qw_err err = QW_OK;

    if (key != NULL) {
        name_of(w, key, name);
    }
    if (w->is_initiator || key == NULL) { /* the initiator ends what it began */
        err = end_tunnels(w, keep);
    }
    if (err == QW_OK && w->is_initiator) {
        err = remove_names(w, "get-conns", "unload-conn", "name", keep);
    }
    return err == QW_OK ? remove_names(w, "get-shared", "unload-shared", "id", keep) : err;
}

static qw_err enter(struct strongswan *w)
{
    return qw_vici_open(w->socket_path, w->timeout_ms, &w->client);
}

static qw_err leave(struct strongswan *w, qw_err err)
{
    qw_vici_close(&w->client);
    return err;
}

/* An initiator has a name for each key and sees all that passes under it; a responder has one, and
 * counts from its next look on. */
static void use(struct strongswan *w, const struct qw_link_key *key)
{
    if (!w->has_current || !is_same_id(key, &w->current)) {
        qw_strongswan_tally_begin(&w->tally, w->is_initiator);
    }
    w->current = *key;
    w->has_current = true;
    w->missed_ms = -1;
}

/* A change goes on without: some packets may be lost then. */
static void hold_packets(struct strongswan *w)
{
    if (w->hold != NULL && qw_packet_hold_begin(w->hold) != QW_OK) {
        qw_log_write(w->log, QW_LOG_WARNING,
                     "%s: packets do not wait for the new tunnel: no iptables, no right to use it, "
                     "or another has the queue",
                     w->name);
    }
}

static qw_err strongswan_prepare(void *self, const struct qw_link_key *current,
                                 const struct qw_link_key *next)
{
    struct strongswan *w = self;
    qw_err err = enter(w);

    if (err != QW_OK) {
        return err;
    }
    if (current != NULL) {
        err = load(w, current);
    }
    if (err == QW_OK) {
        err = load(w, next);
    }
    if (err == QW_OK && current != NULL && !w->is_initiator) {
        hold_packets(w);
    }
    return leave(w, err);
}

static qw_err strongswan_probe(void *self, const struct qw_link_key *next)
{
    struct strongswan *w = self;
    qw_err err = enter(w);

    return err == QW_OK ? leave(w, make_tunnel(w, next)) : err;
}

static qw_err strongswan_promote(void *self, const struct qw_link_key *next,
                                 const struct qw_link_key *last)
{
    struct strongswan *w = self;
    qw_err err;

    (void)last;
    qw_packet_hold_end(w->hold);
    err = enter(w);
    if (err != QW_OK) {
        return err;
    }
    err = load(w, next);
    if (err == QW_OK && w->is_initiator) {
        err = make_tunnel(w, next);
    }
    if (err == QW_OK) {
        use(w, next);
    }
    return leave(w, err);
}

/* Without a tunnel a new one is begun and not waited for: is_well looks after it. */
static qw_err settle(struct strongswan *w)
{
    bool is_there = false;
    qw_err err = load(w, &w->current);

    if (err == QW_OK) {
        err = look_for_tunnel(w, &w->current, &is_there);
    }
    if (err == QW_OK && !is_there && w->is_initiator) {
        err = initiate(w, &w->current, false);
    }
    return err == QW_OK ? clear(w, &w->current) : err;
}

static qw_err strongswan_settle(void *self, const struct qw_link_key *current)
{
    struct strongswan *w = self;
    qw_err err;

    qw_packet_hold_end(w->hold);
    use(w, current);
    err = enter(w);
    if (err == QW_ERR_NOT_FOUND) { /* nothing is there that would have to go; is_well does the rest
                                    */
        return QW_OK;
    }
    return err == QW_OK ? leave(w, settle(w)) : err;
}

static qw_err strongswan_block(void *self)
{
    struct strongswan *w = self;
    qw_err err;

    qw_packet_hold_end(w->hold);
    qw_wipe(&w->current, sizeof w->current);
    w->has_current = false;
    err = enter(w);
    if (err == QW_ERR_NOT_FOUND) {
        return QW_OK;
    }
    return err == QW_OK ? leave(w, clear(w, NULL)) : err;
}

/* Puts back what the daemon has lost. *is_there: and a tunnel is there. */
static qw_err mend(struct strongswan *w, bool *is_there)
{
    char key[QW_STRONGSWAN_NAME_CAP], connection[QW_STRONGSWAN_NAME_CAP];
    bool has_all = false;
    qw_err err = qw_strongswan_names_list(&w->client, "get-shared", w->name, &w->names);

    name_of(w, &w->current, key);
    connection_name(w, &w->current, connection);
    if (err == QW_OK) {
        has_all = qw_strongswan_has_name(&w->names, key);
        err = qw_strongswan_names_list(&w->client, "get-conns", w->name, &w->names);
    }
    if (err == QW_OK && !(has_all && qw_strongswan_has_name(&w->names, connection))) {
        err = load(w, &w->current);
    }
    return err == QW_OK ? look_for_tunnel(w, &w->current, is_there) : err;
}

static bool strongswan_is_well(void *self)
{
    struct strongswan *w = self;
    bool is_there = false;
    int64_t now_ms = w->now_ms();
    qw_err err;

    if (!w->has_current || enter(w) != QW_OK) {
        return true; /* no daemon: no key helps, and nothing passes */
    }
    err = mend(w, &is_there);
    if (err == QW_OK && !is_there && w->missed_ms < 0) {
        w->missed_ms = now_ms;
        err = w->is_initiator ? initiate(w, &w->current, false) : QW_OK;
    }
    if (is_there) {
        w->missed_ms = -1;
    }
    (void)leave(w, err);
    return err != QW_OK || is_there || now_ms - w->missed_ms < w->initiate_ms;
}

static uint64_t strongswan_bytes(void *self)
{
    const struct strongswan *w = self;

    return w->has_current ? w->tally.total : UINT64_MAX;
}

static void strongswan_close(void *self)
{
    struct strongswan *w = self;

    qw_packet_hold_close(w->hold);
    free(w->connection);
    qw_secret_free(w);
}

static bool config_ok(const struct qw_sink_strongswan_config *config)
{
    return config->socket_path[0] != '\0' && strlen(config->socket_path) < QW_VICI_PATH_CAP &&
           config->name[0] != '\0' && strlen(config->name) < QW_SWANCTL_NAME_CAP &&
           config->timeout_ms > 0 && config->initiate_ms > 0;
}

static void give_up(const struct qw_sink_strongswan_config *config)
{
    qw_packet_hold_close(config->hold);
    free(config->connection);
}

qw_err qw_sink_strongswan(const struct qw_sink_strongswan_config *config, struct qw_key_sink *sink)
{
    struct strongswan *w;

    if (!config_ok(config)) {
        give_up(config);
        return QW_ERR_ARG;
    }
    w = qw_secret_new(sizeof *w);
    if (w == NULL) {
        give_up(config);
        return QW_ERR_NOMEM;
    }
    memcpy(w->socket_path, config->socket_path, strlen(config->socket_path));
    memcpy(w->name, config->name, strlen(config->name));
    w->connection = config->connection;
    w->is_initiator = config->is_initiator;
    w->timeout_ms = config->timeout_ms;
    w->initiate_ms = config->initiate_ms;
    w->hold = config->hold;
    w->now_ms = config->now_ms;
    w->log = config->log;
    w->missed_ms = -1;
    *sink = (struct qw_key_sink){ .kind = "strongswan",
                                  .self = w,
                                  .prepare = strongswan_prepare,
                                  .probe = strongswan_probe,
                                  .promote = strongswan_promote,
                                  .settle = strongswan_settle,
                                  .block = strongswan_block,
                                  .bytes = strongswan_bytes,
                                  .is_well = strongswan_is_well,
                                  .close = strongswan_close };
    return QW_OK;
}
