/* SPDX-License-Identifier: Apache-2.0 */
#include "link/vici/strongswan_sas.h"

#include "base/hex.h"
#include "link/vici/vici_message.h"

#include <string.h>

bool qw_strongswan_is_ours(const char *connection, const char *name)
{
    size_t len = strlen(connection);
    uint8_t id[QW_UUID_LEN];

    return strncmp(name, connection, len) == 0 &&
           (name[len] == '\0' || (name[len] == '.' && qw_uuid_decode(name + len + 1, id) == QW_OK));
}

struct scan {
    const char *name;
    const struct qw_swanctl_connection *connection;
    struct qw_strongswan_sas *sas;
};

static bool is_any(const struct qw_vici_element *element, const char *one, const char *other)
{
    return qw_vici_is(element, one) || qw_vici_is(element, other);
}

/* An IKE_SA or child on its way in. */
struct look {
    bool is_ours, is_established, has_ppk;
    bool is_mine[QW_SWANCTL_CHILDREN_MAX]; /* which child of the connection the section is */
    bool is_installed;                     /* and it passes traffic */
    uint32_t id;                           /* of it */
    uint64_t bytes;                        /* that it has passed, both ways */
    bool are_there[QW_SWANCTL_CHILDREN_MAX];
};

static void see_sa_value(const struct qw_vici_element *element, struct look *look,
                         struct qw_strongswan_sa *sa)
{
    if (strcmp(element->name, "uniqueid") == 0 && element->len < sizeof sa->unique_id &&
        element->len > 0) {
        memcpy(sa->unique_id, element->value, element->len);
        sa->unique_id[element->len] = '\0';
    } else if (strcmp(element->name, "state") == 0) {
        look->is_established = is_any(element, "ESTABLISHED", "REKEYING");
    } else if (strcmp(element->name, "ppk") == 0) {
        look->has_ppk = qw_vici_is(element, "yes");
    }
}

/* A decimal number; 0 for what is none, or more than 10^18. */
static uint64_t number_of(const struct qw_vici_element *element)
{
    uint64_t number = 0;

    for (size_t i = 0; i < element->len; i++) {
        if (element->value[i] < '0' || element->value[i] > '9' || i == 18) {
            return 0;
        }
        number = number * 10 + (uint64_t)(element->value[i] - '0');
    }
    return number;
}

static void see_child_value(const struct scan *s, const struct qw_vici_element *element,
                            struct look *look)
{
    if (strcmp(element->name, "name") == 0) {
        for (size_t i = 0; i < s->connection->child_count; i++) {
            look->is_mine[i] = qw_vici_is(element, s->connection->children[i]);
        }
    } else if (strcmp(element->name, "state") == 0) {
        look->is_installed =
            is_any(element, "INSTALLED", "REKEYING") || qw_vici_is(element, "REKEYED");
    } else if (strcmp(element->name, "uniqueid") == 0) {
        look->id = (uint32_t)number_of(element);
    } else if (strcmp(element->name, "bytes-in") == 0 || strcmp(element->name, "bytes-out") == 0) {
        look->bytes += number_of(element);
    }
}

static void end_child(const struct scan *s, struct look *look)
{
    bool is_any_mine = false;

    for (size_t i = 0; i < QW_SWANCTL_CHILDREN_MAX; i++) {
        is_any_mine = is_any_mine || look->is_mine[i];
        look->are_there[i] = look->are_there[i] || (look->is_mine[i] && look->is_installed);
        look->is_mine[i] = false;
    }
    if (is_any_mine && look->is_ours && s->sas->tally != NULL) {
        qw_strongswan_tally_add(s->sas->tally, look->id, look->bytes);
    }
    look->is_installed = false;
    look->id = 0;
    look->bytes = 0;
}

static bool is_whole(const struct scan *s, const struct look *look)
{
    bool is = look->is_established && look->has_ppk;

    for (size_t i = 0; i < s->connection->child_count; i++) {
        is = is && look->are_there[i];
    }
    return is;
}

/* One event of list-sas: NAME { uniqueid = … state = … child-sas { CHILD-1 { name = … } } }. */
static qw_err take_sa(void *self, const uint8_t *body, size_t len)
{
    struct scan *s = self;
    struct qw_vici_reader r = qw_vici_reader_on(body, len);
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };
    struct qw_strongswan_sa sa = { .name = "" };
    struct look look = { .is_established = false };

    while (element.kind != QW_VICI_END) {
        qw_err err = qw_vici_next(&r, &element);

        if (err != QW_OK) {
            return err;
        }
        if (element.kind == QW_VICI_SECTION_START && r.depth == 1) {
            look.is_ours = strlen(element.name) < sizeof sa.name &&
                           qw_strongswan_is_ours(s->name, element.name);
            memcpy(sa.name, element.name, look.is_ours ? strlen(element.name) + 1 : 1);
        } else if (element.kind == QW_VICI_KEY_VALUE && r.depth == 1) {
            see_sa_value(&element, &look, &sa);
        } else if (element.kind == QW_VICI_KEY_VALUE && r.depth == 3) {
            see_child_value(s, &element, &look);
        } else if (element.kind == QW_VICI_SECTION_END && r.depth == 2) {
            end_child(s, &look);
        }
    }
    if (look.is_ours && sa.unique_id[0] != '\0' && s->sas->count < QW_STRONGSWAN_SAS_MAX) {
        sa.is_working = is_whole(s, &look);
        s->sas->sas[s->sas->count++] = sa;
    }
    return QW_OK;
}

qw_err qw_strongswan_sas_list(struct qw_vici_client *client, const char *name,
                              const struct qw_swanctl_connection *connection, const char *only,
                              struct qw_strongswan_sas *sas)
{
    uint8_t body[16 + QW_STRONGSWAN_NAME_CAP];
    struct qw_writer w = qw_writer_on(body, sizeof body);
    struct scan s = { name, connection, sas };
    struct qw_vici_call call = {
        .command = "list-sas", .body = body, .event = "list-sa", .take = take_sa, .self = &s
    };
    qw_err err;

    if (only != NULL) {
        qw_vici_text(&w, "ike", only);
    }
    qw_assert(!w.failed);
    call.len = w.len;
    sas->count = 0;
    err = qw_vici_do(client, &call);
    if (sas->tally != NULL && err == QW_OK) {
        qw_strongswan_tally_end(sas->tally);
    }
    return err;
}

struct gather {
    const char *connection;
    struct qw_strongswan_names *names;
};

static qw_err take_names(void *self, const uint8_t *body, size_t len)
{
    const struct gather *g = self;
    struct qw_vici_reader r = qw_vici_reader_on(body, len);
    struct qw_vici_element element = { .kind = QW_VICI_LIST_END };

    while (element.kind != QW_VICI_END) {
        qw_err err = qw_vici_next(&r, &element);

        if (err != QW_OK) {
            return err;
        }
        if (element.kind == QW_VICI_LIST_ITEM && element.len < QW_STRONGSWAN_NAME_CAP &&
            element.len > 0 && g->names->count < QW_STRONGSWAN_SAS_MAX) {
            char *name = g->names->names[g->names->count];

            memcpy(name, element.value, element.len);
            name[element.len] = '\0';
            g->names->count += qw_strongswan_is_ours(g->connection, name);
        }
    }
    return QW_OK;
}

qw_err qw_strongswan_names_list(struct qw_vici_client *client, const char *command,
                                const char *connection, struct qw_strongswan_names *names)
{
    struct gather g = { connection, names };
    const struct qw_vici_call call = { .command = command, .take = take_names, .self = &g };

    names->count = 0;
    return qw_vici_do(client, &call);
}

bool qw_strongswan_has_name(const struct qw_strongswan_names *names, const char *name)
{
    size_t i = 0;

    while (i < names->count && strcmp(names->names[i], name) != 0) {
        i++;
    }
    return i < names->count;
}
