<?php
/**
 * Notes when a document in the media library comes, changes or goes.
 *
 * @package Handrail
 */

namespace Handrail;

defined( 'ABSPATH' ) || exit;

/**
 * Documents only: pictures, sound and video hold no text that could be cited.
 */
final class Media_Watcher {

	/** Join in. */
	public static function hook(): void {
		add_action( 'add_attachment', array( self::class, 'on_added' ) );
		add_action( 'attachment_updated', array( self::class, 'on_changed' ) );
		add_action( 'wp_update_attachment_metadata', array( self::class, 'on_file' ), 10, 2 );
		add_action( 'delete_attachment', array( self::class, 'on_delete' ), 10, 2 );
	}

	/**
	 * A file was uploaded.
	 *
	 * @param int $id Its number.
	 */
	public static function on_added( int $id ): void {
		self::note( 'media.added', $id );
	}

	/**
	 * Title, parent or text of a file changed.
	 *
	 * @param int $id Its number.
	 */
	public static function on_changed( int $id ): void {
		self::note( 'media.updated', $id );
	}

	/**
	 * The file itself may be another one (plugins that replace media write its metadata anew).
	 *
	 * @param mixed $data The metadata, which is passed on.
	 * @param int   $id   Its number.
	 * @return mixed
	 */
	public static function on_file( $data, int $id ) {
		// Right after the upload this says nothing that media.added did not say.
		if ( ! did_action( 'add_attachment' ) ) {
			self::note( 'media.updated', $id );
		}
		return $data;
	}

	/**
	 * A file goes.
	 *
	 * @param int      $id   Its number.
	 * @param \WP_Post $file As it was.
	 */
	public static function on_delete( int $id, \WP_Post $file ): void {
		if ( Content::is_public_file( $file ) || 'trash' === $file->post_status ) {
			Queue::add( 'media.deleted', 'attachment', $id );
		}
	}

	/**
	 * The post that files belong to was published or withdrawn, and they with it.
	 *
	 * @param int $parent The post's number.
	 */
	public static function on_parent( int $parent ): void { // phpcs:ignore -- the word that WordPress has for it.
		$files = get_children( array( 'post_parent' => $parent, 'post_type' => 'attachment', 'fields' => 'ids' ) );
		foreach ( $files as $id ) {
			self::note( 'media.updated', (int) $id, true );
		}
	}

	/**
	 * Note it, if it is a document; whether it may be read is looked at when it is told.
	 *
	 * @param string $event   media.added or media.updated.
	 * @param int    $id      The file's number.
	 * @param bool   $is_gone Whether it may have been public and is not any more.
	 */
	private static function note( string $event, int $id, bool $is_gone = false ): void {
		$file = get_post( $id );
		if ( $file instanceof \WP_Post && ( Content::is_public_file( $file ) || ( $is_gone && Settings::get( 'media' ) ) ) ) {
			Queue::add( $event, 'attachment', $id );
		}
	}
}
