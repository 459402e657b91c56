/* SPDX-License-Identifier: Apache-2.0 */
#ifndef QW_TESTS_UNIT_LINK_FAKE_CHARON_H
#define QW_TESTS_UNIT_LINK_FAKE_CHARON_H

/* A control socket like charon's, in a thread: knows keys, connections and IKE_SAs by name, and
 * misbehaves on demand. For one test program at a time; include after cmocka. */
#include "base/socket.h"
#include "link/vici/strongswan_sas.h"
#include "link/vici/vici_message.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHARON_MAX = 8, CHARON_ASKED_MAX = 4096 };

enum misbehaviour {
    CHARON_GOOD,
    CHARON_SLOW,      /* no answer */
    CHARON_CLOSES,    /* instead of an answer */
    CHARON_CUT,       /* closes in the middle of an answer */
    CHARON_HUGE,      /* announces more than may be */
    CHARON_EMPTY,     /* a packet of no bytes */
    CHARON_ODD,       /* a packet of no kind */
    CHARON_GARBLED,   /* an answer that is no message */
    CHARON_UNKNOWN,   /* knows no command */
    CHARON_STRANGE,   /* another event than asked for */
    CHARON_NO_EVENTS, /* knows no event */
    CHARON_REFUSES    /* success = no */
};

struct charon_names {
    size_t count;
    char names[CHARON_MAX][QW_STRONGSWAN_NAME_CAP];
};

static struct fake_charon {
    char folder[64], path[100];
    int listener;
    pthread_t thread;
    pthread_mutex_t lock;
    enum misbehaviour how;
    bool fails_initiate; /* as with AUTH_FAILED */
    bool has_no_ppk;     /* IKE_SAs without a PPK come about */
    struct charon_names keys, conns, sas;
    unsigned child_id, bytes_in, bytes_out; /* of the one child of each IKE_SA */
    char asked[CHARON_ASKED_MAX];           /* commands, one word each */
    uint8_t last_key[64];
    char last_conn[CHARON_ASKED_MAX]; /* its elements as "name=value " */
} charon;

static void names_add(struct charon_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0) {
            return;
        }
    }
    assert_true(names->count < CHARON_MAX && strlen(name) < QW_STRONGSWAN_NAME_CAP);
    memcpy(names->names[names->count++], name, strlen(name) + 1);
}

static bool names_remove(struct charon_names *names, const char *name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0) {
            names->count--;
            memmove(names->names[i], names->names[i + 1],
                    (names->count - i) * sizeof names->names[0]);
            return true;
        }
    }
    return false;
}

static void charon_send(int fd, unsigned packet, const char *name, const struct qw_writer *body)
{
    uint8_t frame[8192];
    struct qw_writer w = qw_writer_on(frame, sizeof frame);
    size_t len = 1 + (name == NULL ? 0 : 1 + strlen(name)) + (body == NULL ? 0 : body->len);

    qw_write_u32be(&w, (uint32_t)len);
    qw_write_u8(&w, (uint8_t)packet);
    if (name != NULL) {
        qw_write_string8(&w, name);
    }
    if (body != NULL) {
        qw_write_bytes(&w, body->data, body->len);
    }
    assert_false(w.failed);
    (void)send(fd, frame, w.len, MSG_NOSIGNAL);
}

/* The first value of that name in the command; "" without. */
static void value_of(const uint8_t *body, size_t len, const char *name, char *out, size_t cap)
{
    struct qw_vici_reader r = qw_vici_reader_on(body, len);
    struct qw_vici_element e = { .kind = QW_VICI_LIST_END };

    out[0] = '\0';
    while (e.kind != QW_VICI_END && qw_vici_next(&r, &e) == QW_OK) {
        if (e.kind == QW_VICI_KEY_VALUE && strcmp(e.name, name) == 0) {
            assert_true(e.len < cap);
            memcpy(out, e.value, e.len);
            out[e.len] = '\0';
            return;
        }
    }
}

static void note_conn(const uint8_t *body, size_t len)
{
    struct qw_vici_reader r = qw_vici_reader_on(body, len);
    struct qw_vici_element e = { .kind = QW_VICI_LIST_END };
    size_t at = 0;

    while (e.kind != QW_VICI_END && qw_vici_next(&r, &e) == QW_OK) {
        if (e.kind == QW_VICI_SECTION_START && r.depth == 1) {
            names_add(&charon.conns, e.name);
        }
        if (e.kind == QW_VICI_KEY_VALUE) {
            at += (size_t)snprintf(charon.last_conn + at, sizeof charon.last_conn - at, "%s=%.*s ",
                                   e.name, (int)e.len, (const char *)e.value);
            assert_true(at < sizeof charon.last_conn);
        }
    }
}

static void write_list(struct qw_writer *w, const char *list, const struct charon_names *names)
{
    qw_vici_list(w, list);
    for (size_t i = 0; i < names->count; i++) {
        qw_vici_item(w, names->names[i], strlen(names->names[i]));
    }
    qw_vici_list_end(w);
}

static void send_sas(int fd, const char *only)
{
    for (size_t i = 0; i < charon.sas.count; i++) {
        uint8_t body[512];
        char id[24];
        struct qw_writer w = qw_writer_on(body, sizeof body);

        if (only[0] != '\0' && strcmp(only, charon.sas.names[i]) != 0) {
            continue;
        }
        (void)snprintf(id, sizeof id, "%zu", i + 1);
        qw_vici_section(&w, charon.sas.names[i]);
        qw_vici_text(&w, "uniqueid", id);
        qw_vici_text(&w, "state", "ESTABLISHED");
        qw_vici_text(&w, "ppk", charon.has_no_ppk ? "no" : "yes");
        qw_vici_section(&w, "child-sas");
        qw_vici_section(&w, "net-1");
        qw_vici_text(&w, "name", "net");
        (void)snprintf(id, sizeof id, "%u", charon.child_id);
        qw_vici_text(&w, "uniqueid", id);
        qw_vici_text(&w, "state", "INSTALLED");
        (void)snprintf(id, sizeof id, "%u", charon.bytes_in);
        qw_vici_text(&w, "bytes-in", id);
        (void)snprintf(id, sizeof id, "%u", charon.bytes_out);
        qw_vici_text(&w, "bytes-out", id);
        qw_vici_section_end(&w);
        qw_vici_section_end(&w);
        qw_vici_section_end(&w);
        charon_send(fd, 7, charon.how == CHARON_STRANGE ? "log" : "list-sa", &w);
    }
}

/* Does it; false: refused. What is to be said besides goes to w. */
static bool charon_do(int fd, const char *command, const uint8_t *body, size_t len,
                      struct qw_writer *w)
{
    char id[QW_STRONGSWAN_NAME_CAP], name[QW_STRONGSWAN_NAME_CAP], ike[QW_STRONGSWAN_NAME_CAP];
    size_t number;

    value_of(body, len, "ike", ike, sizeof ike);
    if (strcmp(command, "load-conn") == 0) {
        note_conn(body, len);
        return true;
    }
    if (strcmp(command, "list-sas") == 0) {
        send_sas(fd, ike);
        return true;
    }
    if (strcmp(command, "get-shared") == 0 || strcmp(command, "get-conns") == 0) {
        bool is_keys = strcmp(command, "get-shared") == 0;

        write_list(w, is_keys ? "keys" : "conns", is_keys ? &charon.keys : &charon.conns);
        return true;
    }
    if (strcmp(command, "initiate") == 0) {
        if (!charon.fails_initiate) {
            names_add(&charon.sas, ike);
        }
        return !charon.fails_initiate;
    }
    if (strcmp(command, "terminate") == 0) {
        value_of(body, len, "ike-id", id, sizeof id);
        number = strtoul(id, NULL, 10);
        return number > 0 && number <= charon.sas.count &&
               names_remove(&charon.sas, charon.sas.names[number - 1]);
    }
    value_of(body, len, "id", id, sizeof id);
    value_of(body, len, "name", name, sizeof name);
    if (strcmp(command, "load-shared") == 0) {
        names_add(&charon.keys, id);
        value_of(body, len, "data", (char *)charon.last_key, sizeof charon.last_key);
        return true;
    }
    return strcmp(command, "unload-shared") == 0 ? names_remove(&charon.keys, id)
                                                 : names_remove(&charon.conns, name);
}

static void charon_answer(int fd, const char *command, const uint8_t *body, size_t len)
{
    uint8_t answer[2048];
    struct qw_writer w = qw_writer_on(answer, sizeof answer);
    bool is_done;

    (void)strncat(charon.asked, command, sizeof charon.asked - strlen(charon.asked) - 1);
    (void)strncat(charon.asked, " ", sizeof charon.asked - strlen(charon.asked) - 1);
    if (charon.how == CHARON_UNKNOWN || charon.how == CHARON_ODD) {
        charon_send(fd, charon.how == CHARON_ODD ? 9 : 2, NULL, NULL);
        return;
    }
    if (charon.how == CHARON_GARBLED) {
        qw_write_bytes(&w, "\003\007success\000", 10);
        charon_send(fd, 1, NULL, &w);
        return;
    }
    is_done = charon.how != CHARON_REFUSES && charon_do(fd, command, body, len, &w);
    if (strncmp(command, "get-", 4) != 0 && strcmp(command, "list-sas") != 0) {
        qw_vici_text(&w, "success", is_done ? "yes" : "no");
    } else if (charon.how == CHARON_REFUSES) {
        qw_vici_text(&w, "success", "no");
    }
    if (!is_done) {
        qw_vici_text(&w, "errmsg", "because\n");
    }
    charon_send(fd, 1, NULL, &w);
}

/* One packet; false: the connection ends. */
static bool charon_packet(int fd, const uint8_t *packet, size_t len)
{
    struct qw_reader r = qw_reader_on(packet, len);
    unsigned kind = qw_read_u8(&r);
    char name[QW_VICI_NAME_MAX + 1];

    qw_read_string8(&r, name, sizeof name);
    assert_false(r.failed);
    switch (charon.how) {
    case CHARON_SLOW:
        return true;
    case CHARON_CLOSES:
        return false;
    case CHARON_CUT:
        (void)send(fd, "\000\000\000\005\001", 5, MSG_NOSIGNAL);
        return false;
    case CHARON_HUGE:
        (void)send(fd, "\000\010\000\001\001", 5, MSG_NOSIGNAL);
        return true;
    case CHARON_EMPTY:
        (void)send(fd, "\000\000\000\000", 4, MSG_NOSIGNAL);
        return true;
    default:
        break;
    }
    if (kind == 3) {
        charon_send(fd, charon.how == CHARON_NO_EVENTS ? 6 : 5, NULL, NULL);
    } else {
        charon_answer(fd, name, packet + r.at, len - r.at);
    }
    return true;
}

static bool read_all(int fd, uint8_t *data, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t got = read(fd, data + at, len - at);

        if (got <= 0) {
            return false;
        }
        at += (size_t)got;
    }
    return true;
}

static void *charon_run(void *unused)
{
    static uint8_t packet[QW_VICI_BODY_MAX];

    (void)unused;
    for (;;) {
        uint8_t head[4];
        bool goes_on = true;
        int fd = accept(charon.listener, NULL, NULL);

        if (fd < 0) {
            return NULL;
        }
        while (goes_on && read_all(fd, head, sizeof head)) {
            size_t len = qw_load_u32be(head);

            assert_true(len <= sizeof packet && read_all(fd, packet, len));
            pthread_mutex_lock(&charon.lock);
            goes_on = charon_packet(fd, packet, len);
            pthread_mutex_unlock(&charon.lock);
        }
        (void)close(fd);
    }
}

static int charon_start(void **state)
{
    (void)state;
    charon = (struct fake_charon){ .folder = "/tmp/qwave-vici-XXXXXX" };
    pthread_mutex_init(&charon.lock, NULL);
    assert_non_null(mkdtemp(charon.folder));
    (void)snprintf(charon.path, sizeof charon.path, "%s/charon.vici", charon.folder);
    assert_int_equal(qw_socket_listen_unix(charon.path, &charon.listener), QW_OK);
    assert_int_equal(fcntl(charon.listener, F_SETFL, 0), 0); /* its accept waits */
    assert_int_equal(pthread_create(&charon.thread, NULL, charon_run, NULL), 0);
    return 0;
}

static int charon_stop(void **state)
{
    (void)state;
    (void)shutdown(charon.listener, SHUT_RDWR);
    pthread_join(charon.thread, NULL);
    qw_socket_close(charon.listener);
    (void)unlink(charon.path);
    return rmdir(charon.folder);
}

#endif
