/* SPDX-License-Identifier: Apache-2.0 */
#include "setup/setup_door.h"

#include "base/hex.h"
#include "base/secret.h"
#include "crypto/random.h"

#include <ctype.h>
#include <string.h>

enum { CODE_LETTERS = 16, GROUP = 4, TOKEN_BYTES = (SETUP_DOOR_TOKEN_CAP - 1) / 2 };
/* 32 of them, so that five bits choose one without bias; none that is mistaken for another. */
static const char alphabet[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
_Static_assert(sizeof alphabet - 1 == 32, "five bits a letter");

static qw_err draw_code(char code[static SETUP_DOOR_CODE_CAP])
{
    uint8_t random[CODE_LETTERS];
    qw_err err = qw_random_bytes(random, sizeof random);
    size_t at = 0;

    for (size_t i = 0; err == QW_OK && i < CODE_LETTERS; i++) {
        if (i > 0 && i % GROUP == 0) {
            code[at++] = '-';
        }
        code[at++] = alphabet[random[i] & 31];
    }
    code[at] = '\0';
    qw_wipe(random, sizeof random);
    return err;
}

static qw_err draw_token(char token[static SETUP_DOOR_TOKEN_CAP])
{
    uint8_t random[TOKEN_BYTES];
    qw_err err = qw_random_bytes(random, sizeof random);

    if (err == QW_OK) {
        qw_hex_encode(random, sizeof random, token);
    }
    qw_wipe(random, sizeof random);
    return err;
}

qw_err setup_door_init(struct setup_door *door, int64_t idle_ms, int64_t now_ms)
{
    *door = (struct setup_door){ .idle_ms = idle_ms,
                                 .idle_until_ms = now_ms + idle_ms,
                                 .life_until_ms = now_ms + SETUP_DOOR_LIFE_IN_IDLES * idle_ms };
    return draw_code(door->code);
}

/* Always the same length, so that the comparison tells nothing of how much was right. */
static void normalise(const char *typed, char out[static CODE_LETTERS])
{
    size_t len = 0;
    bool is_longer = false;

    memset(out, 0, CODE_LETTERS);
    for (; *typed != '\0'; typed++) {
        if (*typed == '-' || *typed == ' ') {
            continue;
        }
        is_longer = len == CODE_LETTERS;
        if (is_longer) {
            break;
        }
        out[len++] = (char)toupper((unsigned char)*typed);
    }
    if (is_longer) {
        memset(out, 0, CODE_LETTERS);
    }
}

static bool is_code(const struct setup_door *door, const char *typed)
{
    char ours[CODE_LETTERS];
    char theirs[CODE_LETTERS];
    bool is_same;

    normalise(door->code, ours);
    normalise(typed, theirs);
    is_same = qw_equal_ct(ours, theirs, sizeof ours);
    qw_wipe(ours, sizeof ours);
    qw_wipe(theirs, sizeof theirs);
    return is_same;
}

enum setup_door_verdict setup_door_try(struct setup_door *door, const char *typed, int64_t now_ms)
{
    if (door->wrong >= SETUP_DOOR_WRONG_MAX) {
        return SETUP_DOOR_OVER;
    }
    if (now_ms < door->shut_until_ms) {
        return SETUP_DOOR_SHUT;
    }
    if (!is_code(door, typed)) {
        door->wrong++;
        if (door->wrong >= SETUP_DOOR_WRONG_IN_A_ROW) {
            door->shut_until_ms = now_ms + SETUP_DOOR_SHUT_MS;
        }
        return door->wrong >= SETUP_DOOR_WRONG_MAX ? SETUP_DOOR_OVER : SETUP_DOOR_WRONG;
    }
    if (setup_door_is_taken(door)) {
        return SETUP_DOOR_TAKEN;
    }
    if (draw_token(door->cookie) != QW_OK || draw_token(door->token) != QW_OK) {
        door->cookie[0] = '\0';
        return SETUP_DOOR_OVER; /* without random numbers there is no ceremony either */
    }
    setup_door_step(door, now_ms);
    return SETUP_DOOR_OPENED;
}

bool setup_door_is_inside(const struct setup_door *door, const char *cookies)
{
    static const char name[] = SETUP_DOOR_COOKIE "=";
    const char *at = cookies == NULL || !setup_door_is_taken(door) ? "" : cookies;

    while (*at != '\0') {
        size_t len = strcspn(at, ";");

        if (len == sizeof name - 1 + SETUP_DOOR_TOKEN_CAP - 1 &&
            strncmp(at, name, sizeof name - 1) == 0) {
            return qw_equal_ct(at + sizeof name - 1, door->cookie, SETUP_DOOR_TOKEN_CAP - 1);
        }
        at += len;
        at += strspn(at, "; ");
    }
    return false;
}

bool setup_door_is_own_page(const struct setup_door *door, const char *token)
{
    return token != NULL && strlen(token) == SETUP_DOOR_TOKEN_CAP - 1 &&
           setup_door_is_taken(door) && qw_equal_ct(token, door->token, SETUP_DOOR_TOKEN_CAP - 1);
}

bool setup_door_is_taken(const struct setup_door *door)
{
    return door->cookie[0] != '\0';
}

void setup_door_step(struct setup_door *door, int64_t now_ms)
{
    door->idle_until_ms = now_ms + door->idle_ms;
}

int64_t setup_door_left_ms(const struct setup_door *door, int64_t now_ms)
{
    int64_t until_ms =
        door->idle_until_ms < door->life_until_ms ? door->idle_until_ms : door->life_until_ms;

    return door->wrong >= SETUP_DOOR_WRONG_MAX || until_ms <= now_ms ? 0 : until_ms - now_ms;
}
