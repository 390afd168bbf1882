#!/usr/bin/env node
import { keepPausesShort } from "../dist/heap.js";

keepPausesShort();
await import("../dist/main.js");
