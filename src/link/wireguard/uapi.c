/* SPDX-License-Identifier: Apache-2.0 */
#include "link/wireguard/uapi.h"

#include "base/clock.h"
#include "base/hex.h"
#include "base/secret.h"
#include "base/socket.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_MS = 2000,
    LINE_CAP = 512,
    PIECE_MAX = 4096,
    REQUEST_CAP = QW_WIREGUARD_ROUTES_MAX + 512
};

/* An answer on its way in, line by line, however many there are. */
struct scan {
    const uint8_t *public_key;
    bool is_mine;   /* the lines that come belong to the peer asked for */
    bool is_found;  /* and it was there */
    bool has_errno; /* the last line */
    bool is_whole;  /* and the empty one after it */
    struct qw_wireguard_peer peer;
    size_t line_len;
    char line[LINE_CAP]; /* as far as it came */
};

/* A word with the daemon. In secret memory: the private key of the interface and the pre-shared
 * keys of all its peers are in the answers. */
struct talk {
    struct scan scan;
    char piece[PIECE_MAX]; /* of the answer */
};

static qw_err parse_number(const char *text, uint64_t *value)
{
    char *end = NULL;

    errno = 0;
    *value = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] >= '0' && text[0] <= '9'
               ? QW_OK
               : QW_ERR_FORMAT;
}

static qw_err keep_route(struct scan *scan, const char *line)
{
    size_t len = strlen(line);

    if (len + 2 > sizeof scan->peer.routes - scan->peer.routes_len) {
        return QW_ERR_SPACE;
    }
    memcpy(scan->peer.routes + scan->peer.routes_len, line, len);
    scan->peer.routes_len += len;
    scan->peer.routes[scan->peer.routes_len++] = '\n';
    scan->peer.routes[scan->peer.routes_len] = '\0';
    return QW_OK;
}

static qw_err begin_peer(struct scan *scan, const char *value)
{
    uint8_t key[QW_WIREGUARD_KEY_LEN];
    qw_err err = qw_hex_decode(value, key, sizeof key);

    scan->is_mine = err == QW_OK && qw_equal_ct(key, scan->public_key, sizeof key);
    if (scan->is_mine && scan->is_found) {
        return QW_ERR_FORMAT; /* twice */
    }
    scan->is_found = scan->is_found || scan->is_mine;
    return err;
}

/* A line of the peer asked for. */
static qw_err take_mine(struct scan *scan, const char *line, const char *name, const char *value)
{
    uint64_t number = 0;
    qw_err err;

    if (strcmp(name, "preshared_key") == 0) {
        return qw_hex_decode(value, scan->peer.preshared_key, QW_WIREGUARD_KEY_LEN);
    }
    if (strcmp(name, "endpoint") == 0 || strcmp(name, "allowed_ip") == 0 ||
        strcmp(name, "persistent_keepalive_interval") == 0) {
        return keep_route(scan, line);
    }
    if (strcmp(name, "tx_bytes") == 0) {
        return parse_number(value, &scan->peer.tx_bytes);
    }
    if (strcmp(name, "rx_bytes") == 0) {
        return parse_number(value, &scan->peer.rx_bytes);
    }
    if (strcmp(name, "last_handshake_time_sec") == 0) {
        err = parse_number(value, &number);
        if (err == QW_OK && number > INT64_MAX / 2000) {
            err = QW_ERR_FORMAT;
        }
        scan->peer.handshake_utc_ms += err == QW_OK ? (int64_t)number * 1000 : 0;
        return err;
    }
    if (strcmp(name, "last_handshake_time_nsec") == 0) {
        err = parse_number(value, &number);
        if (err == QW_OK && number >= 1000000000) {
            err = QW_ERR_FORMAT;
        }
        scan->peer.handshake_utc_ms += err == QW_OK ? (int64_t)(number / 1000000) : 0;
        return err;
    }
    return QW_OK; /* what nobody asked for */
}

/* line ends where its newline was. */
static qw_err take_line(struct scan *scan, const char *line)
{
    char name[LINE_CAP];
    const char *equals = strchr(line, '=');
    size_t len = equals == NULL ? 0 : (size_t)(equals - line);

    if (len == 0 || len >= sizeof name || scan->has_errno) {
        return QW_ERR_FORMAT;
    }
    memcpy(name, line, len);
    name[len] = '\0';
    if (strcmp(name, "errno") == 0) {
        scan->has_errno = true;
        return strcmp(equals + 1, "0") == 0 ? QW_OK : QW_ERR_IO;
    }
    if (strcmp(name, "public_key") == 0) {
        return begin_peer(scan, equals + 1);
    }
    return scan->is_mine ? take_mine(scan, line, name, equals + 1) : QW_OK;
}

static qw_err end_line(struct scan *scan)
{
    size_t len = scan->line_len;

    scan->line_len = 0;
    if (len == 0) {
        scan->is_whole = true;
        return scan->has_errno ? QW_OK : QW_ERR_FORMAT;
    }
    scan->line[len] = '\0';
    return take_line(scan, scan->line);
}

/* The next piece; nothing may come after the empty line. */
static qw_err take_piece(struct scan *scan, const char *piece, size_t len)
{
    qw_err err = QW_OK;

    for (size_t i = 0; err == QW_OK && i < len; i++) {
        if (scan->is_whole || piece[i] == '\0' || scan->line_len == LINE_CAP - 1) {
            return QW_ERR_FORMAT;
        }
        if (piece[i] == '\n') {
            err = end_line(scan);
        } else {
            scan->line[scan->line_len++] = piece[i];
        }
    }
    return err;
}

qw_err qw_uapi_peer_parse(const char *text, size_t len,
                          const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                          struct qw_wireguard_peer *peer)
{
    struct scan scan = { .public_key = public_key };
    qw_err err = take_piece(&scan, text, len);

    if (err == QW_OK && !scan.is_whole) {
        err = QW_ERR_FORMAT;
    }
    if (err == QW_OK && !scan.is_found) {
        err = QW_ERR_NOT_FOUND;
    }
    if (err == QW_OK) {
        *peer = scan.peer;
    }
    qw_wipe(&scan, sizeof scan);
    return err;
}

/* Sends a request and reads its answer, up to the empty line. */
static qw_err exchange(struct talk *t, const char *socket_path, const char *request)
{
    int64_t deadline_ms = qw_clock_monotonic_ms() + TIMEOUT_MS;
    int fd = -1;
    qw_err err = qw_socket_connect_unix(socket_path, TIMEOUT_MS, &fd);

    if (err == QW_OK) {
        err = qw_socket_write(fd, request, strlen(request), deadline_ms);
    }
    while (err == QW_OK && !t->scan.is_whole) {
        size_t got = 0;

        err = qw_socket_read_some(fd, t->piece, sizeof t->piece, &got, deadline_ms);
        if (err == QW_OK) {
            err = take_piece(&t->scan, t->piece, got);
        }
    }
    qw_socket_close(fd);
    return err;
}

bool qw_uapi_is_there(const char *socket_path)
{
    int fd = -1;
    qw_err err = qw_socket_connect_unix(socket_path, TIMEOUT_MS, &fd);

    qw_socket_close(fd);
    return err != QW_ERR_NOT_FOUND && err != QW_ERR_CLOSED; /* a file that a dead daemon left */
}

/* In words, of what came or did not. */
static const char *trouble(qw_err err)
{
    switch (err) {
    case QW_ERR_FORMAT:
        return "an answer of wireguard-go that cannot be";
    case QW_ERR_SPACE:
        return "the peer has more networks than there is room for";
    case QW_ERR_NOMEM:
        return NULL;
    default:
        return "no answer at the socket of wireguard-go";
    }
}

static qw_err get(const char *socket_path, const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                  struct qw_wireguard_peer *peer, const char **why)
{
    struct talk *t = qw_secret_new(sizeof *t);
    qw_err err = t == NULL ? QW_ERR_NOMEM : QW_OK;

    if (err == QW_OK) {
        t->scan.public_key = public_key;
        err = exchange(t, socket_path, "get=1\n\n");
    }
    *why = err == QW_OK ? NULL : trouble(err);
    if (err == QW_OK && !t->scan.is_found) {
        err = QW_ERR_NOT_FOUND;
        *why = "no such peer at the interface";
    }
    if (err == QW_OK) {
        *peer = t->scan.peer;
    }
    qw_secret_free(t);
    return err;
}

/* What is to be told. false: it does not fit. */
static bool put_change(char request[static REQUEST_CAP],
                       const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                       const uint8_t preshared_key[static QW_WIREGUARD_KEY_LEN],
                       const struct qw_wireguard_peer *put_back)
{
    char public_hex[2 * QW_WIREGUARD_KEY_LEN + 1], preshared_hex[2 * QW_WIREGUARD_KEY_LEN + 1];
    int said;

    qw_hex_encode(public_key, QW_WIREGUARD_KEY_LEN, public_hex);
    qw_hex_encode(preshared_key, QW_WIREGUARD_KEY_LEN, preshared_hex);
    if (put_back == NULL) {
        said = snprintf(request, REQUEST_CAP,
                        "set=1\npublic_key=%s\nupdate_only=true\npreshared_key=%s\n\n", public_hex,
                        preshared_hex);
    } else {
        said = snprintf(request, REQUEST_CAP,
                        "set=1\npublic_key=%s\nremove=true\npublic_key=%s\npreshared_key=%s\n"
                        "%.*s\n",
                        public_hex, public_hex, preshared_hex, (int)put_back->routes_len,
                        put_back->routes);
    }
    qw_wipe(preshared_hex, sizeof preshared_hex);
    return said > 0 && said < REQUEST_CAP;
}

static qw_err set(const char *socket_path, const uint8_t public_key[static QW_WIREGUARD_KEY_LEN],
                  const uint8_t preshared_key[static QW_WIREGUARD_KEY_LEN],
                  const struct qw_wireguard_peer *put_back, const char **why)
{
    struct talk *t = qw_secret_new(sizeof *t);
    char request[REQUEST_CAP];
    qw_err err = t == NULL ? QW_ERR_NOMEM : QW_OK;

    *why = NULL;
    if (err == QW_OK) {
        t->scan.public_key = public_key;
        err = put_change(request, public_key, preshared_key, put_back)
                  ? exchange(t, socket_path, request)
                  : QW_ERR_SPACE;
    }
    qw_wipe(request, sizeof request);
    qw_secret_free(t);
    return err;
}

const struct qw_wireguard_way qw_wireguard_by_socket = { .get = get, .set = set };
