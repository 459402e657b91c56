/* SPDX-License-Identifier: Apache-2.0 */
#include "login/sessions.h"

#include "base/hex.h"
#include "base/secret.h"
#include "crypto/hash.h"
#include "crypto/random.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_LEN = (SESSION_TOKEN_CAP - 1) / 2, HASH_LEN = 32 };

struct place {
    bool is_taken;
    uint8_t cookie_hash[HASH_LEN];
    char token[SESSION_TOKEN_CAP];
    struct qw_login login;
    int64_t opened_ms, stayed_ms; /* monotonic */
};

struct sessions {
    pthread_mutex_t mutex;
    int64_t idle_ms, life_ms;
    struct place places[SESSIONS_MAX];
};

qw_err sessions_new(int64_t idle_ms, int64_t life_ms, struct sessions **out)
{
    struct sessions *sessions = calloc(1, sizeof *sessions);

    if (sessions == NULL) {
        return QW_ERR_NOMEM;
    }
    if (pthread_mutex_init(&sessions->mutex, NULL) != 0) {
        free(sessions);
        return QW_ERR_NOMEM;
    }
    sessions->idle_ms = idle_ms;
    sessions->life_ms = life_ms;
    *out = sessions;
    return QW_OK;
}

void sessions_free(struct sessions *sessions)
{
    if (sessions != NULL) {
        pthread_mutex_destroy(&sessions->mutex);
        qw_wipe_free(sessions, sizeof *sessions);
    }
}

static enum session_state state_of(const struct sessions *sessions, const struct place *place,
                                   int64_t now_ms)
{
    if (!place->is_taken) {
        return SESSION_NONE;
    }
    if (now_ms - place->opened_ms >= sessions->life_ms) {
        return SESSION_OLD;
    }
    return now_ms - place->stayed_ms >= sessions->idle_ms ? SESSION_IDLE : SESSION_OPEN;
}

static bool hash_of(const char *cookie, uint8_t hash[static HASH_LEN])
{
    struct qw_bytes part = { cookie, strlen(cookie) };

    return qw_hash_of(QW_HASH_SHA256, &part, 1, hash) == QW_OK;
}

/* Under the mutex. NULL: none. */
static struct place *find(struct sessions *sessions, const uint8_t hash[static HASH_LEN])
{
    struct place *found = NULL;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct place *place = &sessions->places[i];

        if (place->is_taken && qw_equal_ct(place->cookie_hash, hash, HASH_LEN)) {
            found = place;
        }
    }
    return found;
}

static void vacate(struct place *place)
{
    qw_wipe(place, sizeof *place);
}

/* A free one; those that are over are free. Of an officer with too many the oldest goes. NULL: all
 * are taken. */
static struct place *make_room(struct sessions *sessions, const char *officer, int64_t now_ms)
{
    struct place *oldest = NULL;
    struct place *empty = NULL;
    size_t count = 0;

    for (size_t i = 0; i < SESSIONS_MAX; i++) {
        struct place *place = &sessions->places[i];

        if (place->is_taken && state_of(sessions, place, now_ms) != SESSION_OPEN) {
            vacate(place);
        }
        if (!place->is_taken) {
            empty = place;
        } else if (strcmp(place->login.officer, officer) == 0) {
            count++;
            oldest = oldest == NULL || place->opened_ms < oldest->opened_ms ? place : oldest;
        }
    }
    if (count >= SESSIONS_OF_ONE_MAX) {
        vacate(oldest);
        return oldest;
    }
    return empty;
}

static qw_err make_token(char text[static SESSION_TOKEN_CAP])
{
    uint8_t token[TOKEN_LEN];
    qw_err err = qw_random_bytes(token, sizeof token);

    qw_hex_encode(token, sizeof token, text);
    qw_wipe(token, sizeof token);
    return err;
}

qw_err sessions_open(struct sessions *sessions, const struct qw_login *login, int64_t now_ms,
                     char cookie[static SESSION_TOKEN_CAP])
{
    struct place fresh = {
        .is_taken = true, .login = *login, .opened_ms = now_ms, .stayed_ms = now_ms
    };
    struct place *place;
    qw_err err = make_token(cookie);

    if (err == QW_OK) {
        err = make_token(fresh.token);
    }
    if (err == QW_OK && !hash_of(cookie, fresh.cookie_hash)) {
        err = QW_ERR_NOMEM;
    }
    if (err == QW_OK) {
        pthread_mutex_lock(&sessions->mutex);
        place = make_room(sessions, login->officer, now_ms);
        if (place == NULL) {
            err = QW_ERR_LIMIT;
        } else {
            *place = fresh;
        }
        pthread_mutex_unlock(&sessions->mutex);
    }
    qw_wipe(&fresh, sizeof fresh);
    return err;
}

enum session_state sessions_find(struct sessions *sessions, const char *cookie, int64_t now_ms,
                                 struct session *session)
{
    enum session_state state = SESSION_NONE;
    uint8_t hash[HASH_LEN];
    struct place *place;

    if (!hash_of(cookie, hash)) {
        return SESSION_NONE;
    }
    pthread_mutex_lock(&sessions->mutex);
    place = find(sessions, hash);
    if (place != NULL) {
        state = state_of(sessions, place, now_ms);
        session->login = place->login;
        memcpy(session->token, place->token, sizeof session->token);
        session->idle_left_ms = sessions->idle_ms - (now_ms - place->stayed_ms);
        session->left_ms = sessions->life_ms - (now_ms - place->opened_ms);
        if (state != SESSION_OPEN) {
            vacate(place);
        }
    }
    pthread_mutex_unlock(&sessions->mutex);
    return state;
}

void sessions_stay(struct sessions *sessions, const char *cookie, int64_t now_ms)
{
    uint8_t hash[HASH_LEN];
    struct place *place;

    if (hash_of(cookie, hash)) {
        pthread_mutex_lock(&sessions->mutex);
        place = find(sessions, hash);
        if (place != NULL) {
            place->stayed_ms = now_ms;
        }
        pthread_mutex_unlock(&sessions->mutex);
    }
}

void sessions_renew(struct sessions *sessions, const char *cookie, const struct qw_login *login)
{
    uint8_t hash[HASH_LEN];
    struct place *place;

    if (hash_of(cookie, hash)) {
        pthread_mutex_lock(&sessions->mutex);
        place = find(sessions, hash);
        if (place != NULL) {
            place->login = *login;
        }
        pthread_mutex_unlock(&sessions->mutex);
    }
}

bool sessions_close(struct sessions *sessions, const char *cookie)
{
    uint8_t hash[HASH_LEN];
    struct place *place = NULL;

    if (hash_of(cookie, hash)) {
        pthread_mutex_lock(&sessions->mutex);
        place = find(sessions, hash);
        if (place != NULL) {
            vacate(place);
        }
        pthread_mutex_unlock(&sessions->mutex);
    }
    return place != NULL;
}
