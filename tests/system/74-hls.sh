# SPDX-License-Identifier: Apache-2.0
# rows: A1
# once: the peer is ffmpeg, which takes most of the time
# A live stream that ffmpeg makes and encrypts at one site while its key changes on demand; at the other site the agent has the same key files, and a
# player there, which is ffmpeg again, has only the segments and these. Every segment plays, under four keys or more; a key file goes when the playlist
# names it no more; without keys nothing plays.
source "$(dirname "$0")/site.sh"
source "$(dirname "$0")/link.sh"

command -v ffmpeg >/dev/null || skip "no ffmpeg"
make_links
mkdir -m 700 "$site"/{stream,keys-a,keys-b}
ln -s "$site/stream/live.m3u8" "$site/copy.m3u8" # what the other site's web server has
agent_lines[site-a]="sink: hls
folder: $site/keys-a
key_info: $site/key-info
key_uri: file://$site/keys-b/
playlist: $site/stream/live.m3u8"
agent_lines[site-b]="sink: hls
folder: $site/keys-b
playlist: $site/copy.m3u8"
start_agent site-b
start_agent site-a
steady_within $ready_s || fail "no key: $(state_of site-a)"
[ "$(stat -c %a "$site/key-info")" = 600 ] || fail "others may read the key info"

echo "a stream"
mkfifo "$site/frames"
ffmpeg -hide_banner -loglevel warning -f rawvideo -pixel_format gray -video_size 64x48 -framerate 10 -i "$site/frames" -c:v mpeg2video -g 10 \
    -f hls -hls_time 1 -hls_list_size 4 -hls_key_info_file "$site/key-info" -hls_flags periodic_rekey+temp_file \
    -hls_segment_filename "$site/stream/%03d.ts" "$site/stream/live.m3u8" </dev/null >"$site/ffmpeg.log" 2>&1 &
pid[ffmpeg]=$!
exec 3>"$site/frames"
# advance COUNT: as many pictures, ten for a segment; waits until all segments but the one that is being made are in the playlist.
made=0
advance() {
    head -c $((64 * 48 * $1)) /dev/urandom >&3
    made=$((made + $1))
    within $ready_s grep -qs "^$(printf %03d $((made / 10 - 2)))\.ts" "$site/stream/live.m3u8" || fail "the stream stops: $(cat "$site/ffmpeg.log")"
}
keys_named() { # in a playlist
    grep -o '[-0-9a-f]\{36\}\.key' "$1" | uniq
}
# keep NAME: the playlist as it is, for a player that comes later.
keep() {
    (cat "$site/stream/live.m3u8" && echo "#EXT-X-ENDLIST") >"$site/stream/$1.m3u8"
}
# pictures NAME: how many a player of site-b sees of all that this playlist names.
pictures() {
    ffprobe -v error -allowed_extensions ALL -protocol_whitelist file,crypto -count_frames -select_streams v -show_entries stream=nb_read_frames \
        -of csv=p=0 "$site/stream/$1.m3u8" 2>"$site/play.log" </dev/null | head -n 1 | tr -d ,
}
advance 60
first=$(keys_named "$site/stream/live.m3u8")
for turn in 1 2 3; do
    echo "change $turn"
    before=$(state_of site-a | cut -d' ' -f2)
    link_rotate site-a site-b
    steady_within $ready_s "$before" || fail "no change: $(state_of site-a)"
    now=$(state_of site-a | cut -d' ' -f2)
    advance 40 # the segment that was begun under the old key, then three under the new one
    keep change-$turn
    [ "$(keys_named "$site/stream/change-$turn.m3u8")" = "$(printf '%s.key\n' "$before" "$now")" ] ||
        fail "not the keys of before and now: $(cat "$site/stream/change-$turn.m3u8")"
    [ "$(pictures change-$turn)" = 40 ] || fail "not all can be played in change $turn: $(pictures change-$turn) $(cat "$site/play.log")"
    advance 40
    keep after-$turn
    [ "$(pictures after-$turn)" = 40 ] || fail "not all can be played after change $turn: $(cat "$site/play.log")"
done
cmp "$site/keys-a/$now.key" "$site/keys-b/$now.key" || fail "the ends differ"
for segment in "$site"/stream/*.ts; do # a clear one is packets of 188 bytes that begin with a G
    [ "$(for at in 1 189 377; do tail -c +$at "$segment" | head -c 1 | od -An -tx1; done | tr -d ' \n')" != 474747 ] || fail "$segment is clear"
done

echo "keys go when the playlist names them no more"
two_keys() { [ ! -e "$site/keys-$1/$first" ] && [ "$(find "$site/keys-$1" -name '*.key' | wc -l)" = 2 ]; }
for end in a b; do
    within $ready_s two_keys $end || fail "keys stay at site-$end: $first, $(ls "$site/keys-$end")"
done
[ "$(pictures change-1)" != 40 ] || fail "what is past can still be played"

echo "when no key comes the stream goes on under one that nobody has"
stop qwaved
shorten_lives
blocked() {
    [ "$(link_status site-a blocked)" = true ]
}
within $ready_s blocked || fail "the link goes on without a key"
advance 50
keep blocked
grep -q '/blocked"' "$site/stream/blocked.m3u8" || fail "the stream goes on under an old key"
[ -z "$(pictures blocked)" ] || [ "$(pictures blocked)" = 0 ] || fail "it can be played"
stop site-a # both have inherited the pipe
stop site-b
exec 3>&-
wait "${pid[ffmpeg]}" || fail "ffmpeg: $(cat "$site/ffmpeg.log")"
unset "pid[ffmpeg]"
