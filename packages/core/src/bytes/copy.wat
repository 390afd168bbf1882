;; copy(to, from, length): what memmove does, for the short lengths of chunks.
;;
;; V8 has no fast way to copy a hundred bytes: `copyWithin` leaves the compiled code for the runtime, which costs about
;; 35 ns before the first byte is moved. A call of this function costs 5 ns, and 128 bytes take 8 more.
;;
;; copy-module.ts holds what this file assembles to: `npm run assemble` writes it.
(module
  (import "slab" "memory" (memory 0))
  (func (export "copy") (param $to i32) (param $from i32) (param $length i32)
    (local $end i32)

    ;; Long copies are the runtime's again, and so are those that overlap.
    (if (i32.or
          (i32.gt_u (local.get $length) (i32.const 512))
          (i32.or
            (i32.lt_u (i32.sub (local.get $to) (local.get $from)) (local.get $length))
            (i32.lt_u (i32.sub (local.get $from) (local.get $to)) (local.get $length))))
      (then
        (memory.copy (local.get $to) (local.get $from) (local.get $length))
        (return)))

    ;; Less than a vector: byte by byte.
    (if (i32.lt_u (local.get $length) (i32.const 16))
      (then
        (local.set $end (i32.add (local.get $from) (local.get $length)))
        (block $done
          (loop $next
            (br_if $done (i32.eq (local.get $from) (local.get $end)))
            (i32.store8 (local.get $to) (i32.load8_u (local.get $from)))
            (local.set $from (i32.add (local.get $from) (i32.const 1)))
            (local.set $to (i32.add (local.get $to) (i32.const 1)))
            (br $next)))
        (return)))

    ;; Four vectors at a time, as long as that goes ...
    (local.set $end (i32.sub (i32.add (local.get $from) (local.get $length)) (i32.const 64)))
    (block $done
      (loop $next
        (br_if $done (i32.gt_s (local.get $from) (local.get $end)))
        (v128.store (local.get $to) (v128.load (local.get $from)))
        (v128.store offset=16 (local.get $to) (v128.load offset=16 (local.get $from)))
        (v128.store offset=32 (local.get $to) (v128.load offset=32 (local.get $from)))
        (v128.store offset=48 (local.get $to) (v128.load offset=48 (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 64)))
        (local.set $to (i32.add (local.get $to) (i32.const 64)))
        (br $next)))

    ;; ... then one at a time up to the last, which ends where the bytes end and may repeat some of those before.
    (local.set $end (i32.add (local.get $end) (i32.const 48)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_s (local.get $from) (local.get $end)))
        (v128.store (local.get $to) (v128.load (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 16)))
        (local.set $to (i32.add (local.get $to) (i32.const 16)))
        (br $next)))
    (v128.store
      (i32.add (local.get $to) (i32.sub (local.get $end) (local.get $from)))
      (v128.load (local.get $end)))))
