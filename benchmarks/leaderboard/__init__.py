"""All recommenders on a data set, by the protocol of its published figures, with these beside them.

make leaderboard DATA=online_retail|gowalla|beauty|retailrocket|<folder> [ARGS="--only name,name --threads 2
--pages reports"]
"""
