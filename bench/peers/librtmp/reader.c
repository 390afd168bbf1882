/*
 * Reads one direction of an RTMP connection, from behind the handshake on, with librtmp's own reader, and says how long
 * that took.
 *
 *   reader FILE PIECE MILLISECONDS
 *
 * FILE is read whole before anything is timed. librtmp takes its input from a socket through RTMPSockBuf_Fill, which is a
 * public function of the library and is called through its procedure linkage table. The function of that name below takes
 * its place, and points librtmp's buffer at the next PIECE bytes of the file where they lie. So librtmp makes no system call and
 * no copy but its own, and gets its input exactly as the other readers do: lent, in pieces.
 *
 * Prints one line: {"messages", "bytes", "checksum", "nanoseconds": [per pass]}. The checksum is taken in a pass of its own.
 */
#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static char *input;
static size_t input_length;
static size_t piece_length;
static size_t position;

/* In place of the one in librtmp: the next piece of the file instead of what recv answers. */
int RTMPSockBuf_Fill(RTMPSockBuf *sb) {
  size_t left = input_length - position;
  size_t length = left < piece_length ? left : piece_length;
  if (length == 0) return -1;
  sb->sb_start = input + position;
  sb->sb_size = (int)length;
  position += length;
  return (int)length;
}

/* librtmp formats a line of log per chunk before it looks at the level: that shall not count against it. */
static void no_log(int level, const char *format, va_list arguments) {
  (void)level;
  (void)format;
  (void)arguments;
}

static uint32_t messages;
static uint64_t bytes;
static uint32_t checksum;

static void add_to_checksum(const RTMPPacket *packet) {
  const uint8_t *body = (const uint8_t *)packet->m_body;
  uint32_t sum = checksum * 31 + packet->m_packetType;
  for (uint32_t at = 0; at < packet->m_nBodySize; at++) sum = sum * 31 + body[at];
  checksum = sum;
}

/* librtmp leaves it to its caller to obey Set Chunk Size. */
static void obey(RTMP *rtmp, const RTMPPacket *packet) {
  if (packet->m_packetType == RTMP_PACKET_TYPE_CHUNK_SIZE && packet->m_nBodySize >= 4) {
    rtmp->m_inChunkSize = (int)AMF_DecodeInt32(packet->m_body);
  }
}

static int read_all(RTMP *rtmp, int with_checksum) {
  RTMPPacket packet = {0};
  position = 0;
  while (position < input_length || rtmp->m_sb.sb_size > 0) {
    if (!RTMP_ReadPacket(rtmp, &packet)) return 0;
    if (!RTMPPacket_IsReady(&packet)) continue;
    messages++;
    bytes += packet.m_nBodySize;
    obey(rtmp, &packet);
    if (with_checksum) add_to_checksum(&packet);
    RTMPPacket_Free(&packet);
  }
  return 1;
}

static int read_input(const char *name) {
  FILE *file = fopen(name, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return 0;
  input_length = (size_t)ftell(file);
  rewind(file);
  input = malloc(input_length + 1);
  int is_whole = input != NULL && fread(input, 1, input_length, file) == input_length;
  fclose(file);
  return is_whole;
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int main(int count, char **arguments) {
  if (count != 4 || !read_input(arguments[1])) {
    fprintf(stderr, "usage: reader FILE PIECE MILLISECONDS\n");
    return 2;
  }
  piece_length = strtoull(arguments[2], NULL, 10);
  uint64_t budget = strtoull(arguments[3], NULL, 10) * 1000000u;
  RTMP_LogSetCallback(no_log);
  RTMP *rtmp = RTMP_Alloc();
  RTMP_Init(rtmp);
  rtmp->m_sb.sb_socket = -1;
  rtmp->m_bSendCounter = 0; /* there is nobody to acknowledge to */

  if (!read_all(rtmp, 1)) {
    fprintf(stderr, "librtmp stopped after %u messages\n", messages);
    return 1;
  }
  printf("{\"messages\":%u,\"bytes\":%llu,\"checksum\":%u,\"nanoseconds\":[", messages, (unsigned long long)bytes, checksum);
  uint64_t end = now() + budget;
  for (int pass = 0; pass < 3 || now() < end; pass++) {
    uint64_t start = now();
    if (!read_all(rtmp, 0)) return 1;
    printf("%s%llu", pass == 0 ? "" : ",", (unsigned long long)(now() - start));
  }
  printf("]}\n");
  return 0;
}
