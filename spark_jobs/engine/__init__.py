"""The night's engine: one Spark application that its steps share by Spark Connect; how they reach it."""
